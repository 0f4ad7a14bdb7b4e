import CMosquitto
import Glibc

/// One connection to one broker, driven by its owner's thread: poll `fileDescriptor`, then `read`
/// and `write`, and `maintain` about once a second. Not Sendable.
///
/// **A PUBACK leaves in `write`, never in `read`.** libmosquitto queues the PUBACK before it hands
/// a message over, and outside its threaded mode sends it at once. So the connection says that it
/// is threaded (`mosquitto_threaded_set`), which makes libmosquitto only queue, and calls
/// `mosquitto_loop_write` when the owner says so: after the owner's commit.
///
/// Connecting never blocks: libmosquitto's asynchronous connect is used, for a name on a thread of
/// its own (`Attempt`), and each address family that the name has is tried in turn (libmosquitto
/// takes the first address alone, so "localhost" would never reach a broker that listens on IPv4
/// only).
///
/// After a disconnect, publications without a PUBACK stay queued in libmosquitto and are sent again
/// with the next `connect`. Who does not want that makes a new `Connection`.
@safe
public final class Connection {
  public let options: ConnectionOptions
  /// Whether poll tells of everything that is to come. If not, call `read`, `takeMessages` and
  /// `takeEvents` before waiting in poll: the last `read` ended at its bound (TLS may hold bytes
  /// that poll cannot see), or something came in `write` or `maintain`.
  public var isDry: Bool { isSocketDry && inbox.messages.isEmpty && inbox.events.isEmpty }

  private var isSocketDry = true
  /// `owner`'s. Never `nil`; not to be touched in the state `resolving`.
  private let handle: OpaquePointer
  private let owner: Handle
  private let inbox: Inbox
  private var state = State.idle
  /// The last one; the handle is its own until it has an outcome.
  private var attempt: Attempt?
  /// Address families of the host's name that are still to be tried, the present one first.
  private var families: [AddressFamily] = []

  public enum Event: Sendable {
    /// CONNACK. With a session the broker still knows the subscriptions.
    case connected(isSessionPresent: Bool)
    /// SUBACK for the packet id that `subscribe` returned.
    case subscribed(Int32)
    /// PUBACK for the packet id that `publish` returned.
    case published(Int32)
    /// The connection, or the attempt, is over; `nil`: as we wished.
    case disconnected(MQTTError?)
    /// The broker refused a subscription or a publication; or the connection, then `disconnected`
    /// follows.
    case refused(MQTTError)
  }

  /// idle → connecting → connected → idle; resolving → connecting for a name, also between two of
  /// its address families; resolving, connecting → idle.
  private enum State: Equatable {
    case idle
    /// The name server is asked.
    case resolving(since: Duration)
    /// From TCP's first packet to the CONNACK.
    case connecting(since: Duration, isEstablished: Bool)
    case connected
  }

  public init(_ options: ConnectionOptions) throws(MQTTError) {
    self.options = options
    inbox = Inbox(subject: Connection.subject(options))
    let context = unsafe Unmanaged.passUnretained(inbox).toOpaque()
    guard let made = unsafe mosquitto_new(options.clientID, options.isCleanStart, context) else {
      throw MQTTError(
        "configure", Connection.subject(options), code: MOSQ_ERR_INVAL.rawValue,
        message: "client id \"\(options.clientID)\" is empty or no UTF-8", isRetryable: false)
    }
    unsafe handle = made
    owner = unsafe Handle(made, inbox)
    try unsafe Setup.apply(options, to: handle)
    unsafe Connection.hookCallbacks(handle)
  }

  // MARK: For the owner's poll loop

  /// `nil` where there is no connection nor attempt. Changes with every attempt, also inside `read`
  /// and `write`: ask each time.
  public var fileDescriptor: Int32? {
    if case .resolving = state { return attempt?.fileDescriptor }
    return socket
  }

  public var wantsWrite: Bool {
    switch state {
    case .idle, .resolving: false
    // The end of TCP's handshake shows as "writable". In a TLS handshake it is always our turn to
    // read: what is to be sent fits the socket's buffer. (libmosquitto's own flag for it would make
    // poll return at once for as long as the handshake takes.)
    case .connecting(_, let isEstablished):
      !isEstablished || (options.tls == nil && hasOutput)
    case .connected: hasOutput
    }
  }

  public var isConnected: Bool { state == .connected }

  // MARK: Connecting

  /// Begins an attempt. How it ends is told by `connected` or `disconnected`, also where it ends at
  /// once and throws.
  public func connect() throws(MQTTError) {
    precondition(state == .idle, "connect() while connected or connecting")
    guard isHandleOurs else { throw fail(noName) }
    inbox.details.removeAll()
    try begin(nil, since: monotonicClock())
  }

  /// Says goodbye and closes; sends what is queued, PUBACKs of everything read too. Waits for the
  /// socket's buffer, at most a second. Gives `disconnected(nil)`.
  public func disconnect() {
    guard state != .idle else { return }
    if state == .connected, unsafe mosquitto_disconnect(handle) == successCode {
      let deadline = monotonicClock() + .seconds(1)
      while unsafe mosquitto_socket(handle) >= 0, monotonicClock() < deadline {
        guard unsafe mosquitto_loop_write(handle, 1) == successCode else { break }
        if let descriptor = fileDescriptor { wait(descriptor, for: Int16(POLLOUT), ms: 100) }
      }
    }
    abandon()
  }

  /// Closes without a word: nothing that is queued is sent, least of all a PUBACK. A broker that
  /// keeps the session sends again what was not acknowledged. Gives `disconnected(nil)`.
  public func abandon() {
    guard state != .idle else { return }
    // libmosquitto cannot close its socket without writing; it does when it connects again or is
    // destroyed. Until then the socket is only dead.
    if let socket { shutdown(socket, Int32(SHUT_RDWR)) }
    end(.disconnected(nil))
  }

  // MARK: Packets

  /// Reads until the socket is dry, so many messages wait in the inbox, or their payloads come to
  /// so much. Acknowledges nothing. What ends the connection comes as an event too.
  public func read(messagesMax: Int, payloadBytesMax: Int = .max) throws(MQTTError) {
    isSocketDry = true
    if state != .connected { try advance() }
    while state == .connected {
      guard inbox.messages.count < messagesMax, inbox.payloadBytes < payloadBytesMax else {
        isSocketDry = false
        return
      }
      let before = inbox.callbackCount
      try settle("read", unsafe mosquitto_loop_read(handle, 1))
      // Not by errno: libmosquitto writes a byte into a wake-up socket of its own for each PUBACK
      // that it queues; nobody reads it, and once it is full its EAGAIN stays in errno.
      guard inbox.callbackCount == before, let descriptor = fileDescriptor else { continue }
      if wait(descriptor, for: Int16(POLLIN), ms: 0) == 0 { return }
    }
  }

  /// Sends what is queued: the PUBACKs of everything read so far, publications, subscriptions.
  public func write() throws(MQTTError) {
    switch state {
    case .idle: return
    case .resolving, .connecting: try advance()
    case .connected:
      guard unsafe mosquitto_want_write(handle), let descriptor = fileDescriptor else { return }
      // libmosquitto writes packet by packet; held back until the last, a thousand PUBACKs of four
      // bytes leave in a few segments.
      cork(descriptor, true)
      let code = unsafe mosquitto_loop_write(handle, 1)
      let reason = errno
      if let descriptor = fileDescriptor { cork(descriptor, false) }
      errno = reason
      try settle("write", code)
    }
  }

  /// Keep-alive and the bound of connecting; about once a second.
  public func maintain() throws(MQTTError) {
    switch state {
    case .idle: return
    case .resolving(let since):
      guard monotonicClock() - since > options.connectTimeout else { return }
      throw fail(noName)
    case .connecting(let since, _):
      guard monotonicClock() - since > options.connectTimeout else { return }
      throw fail(
        MQTTError(
          "connect", subject, code: MOSQ_ERR_TIMEOUT.rawValue,
          message: "no answer within \(options.connectTimeout.components.seconds) s",
          hint: "check host, port and firewall", isRetryable: true))
    case .connected: try settle("keep alive", unsafe mosquitto_loop_misc(handle))
    }
  }

  /// What the last CONNACK said.
  public var brokerLimits: BrokerLimits { inbox.limits }

  /// Publications that the broker acknowledged and had nobody to give to: they are gone. MQTT 5.
  public var unclaimedCount: UInt64 { inbox.unclaimedCount }

  /// What came since the last call, in order of arrival.
  public func takeMessages() -> [Message] {
    var taken: [Message] = []
    swap(&taken, &inbox.messages)
    inbox.payloadBytes = 0
    return taken
  }

  public func takeEvents() -> [Event] {
    var taken: [Event] = []
    swap(&taken, &inbox.events)
    return taken
  }

  /// What the broker is to send of a topic's retained message when one subscribes.
  public enum RetainedHandling: Int32, Sendable {
    case always = 0x00
    /// Only if the session did not have the subscription yet. MQTT 5.
    case ifNew = 0x10
    /// MQTT 5.
    case never = 0x20
  }

  /// Subscribes with QoS 1.
  public func subscribe(
    to filter: String, retained: RetainedHandling = .always
  ) throws(MQTTError) -> Int32 {
    try requireConnection("subscribe")
    var packetID: Int32 = 0
    let code = unsafe mosquitto_subscribe_v5(
      handle, &packetID, filter, 1, retained.rawValue, nil)
    try check("subscribe", code)
    return packetID
  }

  /// Queues; `write` sends. The broker's UNSUBACK is told by no event: whatever comes for a packet
  /// sent later tells that this one was taken.
  public func unsubscribe(from filter: String) throws(MQTTError) {
    try requireConnection("unsubscribe")
    try check("unsubscribe", unsafe mosquitto_unsubscribe_v5(handle, nil, filter, nil))
  }

  /// Queues; `write` sends.
  @discardableResult
  public func publish(_ publication: Publication) throws(MQTTError) -> Int32 {
    try requireConnection("publish")
    var packetID: Int32 = 0
    let code = unsafe publication.payload.withUnsafeBytes { payload in
      unsafe mosquitto_publish(
        handle, &packetID, publication.topic, Int32(payload.count), payload.baseAddress, 1,
        publication.isRetained)
    }
    try check("publish", code)
    return packetID
  }

  // MARK: Private helpers

  private var hasOutput: Bool { unsafe mosquitto_want_write(handle) }

  var subject: String { Connection.subject(options) }

  static func subject(_ options: ConnectionOptions) -> String { "\(options.host):\(options.port)" }

  private var isHandleOurs: Bool { attempt.map { $0.outcome != nil } ?? true }

  /// `nil`: there is none, or it is not ours yet.
  private var socket: Int32? {
    switch state {
    case .idle, .resolving: return nil
    case .connecting, .connected:
      let descriptor = unsafe mosquitto_socket(handle)
      return descriptor >= 0 ? descriptor : nil
    }
  }

  private var noName: MQTTError {
    MQTTError(
      "connect", subject, code: MOSQ_ERR_EAI.rawValue,
      message: "the name server does not answer",
      hint: "check this machine's name server, or give the host's address", isRetryable: true)
  }

  /// - Parameter remaining: address families of the name that are still to be tried; `nil`: all.
  private func begin(_ remaining: [AddressFamily]?, since: Duration) throws(MQTTError) {
    unsafe mosquitto_log_callback_set(handle, Connection.collectDetail)
    inbox.connack = nil
    inbox.disconnect = nil
    do throws(MQTTError) {
      guard AddressFamily.isAddress(options.host) else {
        attempt = try Attempt(owner, options, remaining)
        state = .resolving(since: since)
        return
      }
      families = try Attempt.begin(owner, options, remaining)
    } catch { throw fail(error) }
    state = .connecting(since: since, isEstablished: false)
  }

  /// One step of TCP's, TLS's or MQTT's handshake, if it is our turn.
  private func advance() throws(MQTTError) {
    if case .resolving(let since) = state {
      guard let outcome = attempt?.outcome else { return }
      state = .connecting(since: since, isEstablished: false)
      do throws(MQTTError) { families = try outcome.get() } catch { throw fail(error) }
    }
    guard case .connecting(let since, var isEstablished) = state,
      let descriptor = fileDescriptor
    else { return }
    let ready = wait(descriptor, for: Int16(POLLIN | POLLOUT), ms: 0)
    guard ready != 0 else { return }
    let isBroken = ready & Int16(POLLERR | POLLHUP) != 0
    if !isEstablished {
      if isBroken { return try tryNextFamily(errorOf: descriptor, since: since) }
      isEstablished = true
      state = .connecting(since: since, isEstablished: true)
      keepAlive(descriptor)
    }
    try settle("connect", unsafe mosquitto_loop_read(handle, 1))
    guard case .connecting = state else { return }
    if isBroken {
      // libmosquitto takes a reset inside a TLS handshake for "not yet", for ever.
      throw fail(.tls("connect", subject, details: inbox.details))
    }
    // Sends the CONNECT once TLS is done; before that it does nothing. No PUBACK can be queued.
    try settle("connect", unsafe mosquitto_loop_write(handle, 1))
  }

  private func tryNextFamily(
    errorOf descriptor: Int32, since: Duration
  ) throws(MQTTError) {
    let reason = socketError(descriptor)
    families.removeFirst(min(1, families.count))
    guard families.isEmpty else { return try begin(families, since: since) }
    throw fail(
      .library("connect", subject, MOSQ_ERR_ERRNO, errno: reason, details: inbox.details))
  }

  /// After every call that may run callbacks: what it and they mean for the state.
  private func settle(_ operation: String, _ code: Int32) throws(MQTTError) {
    let reason = errno
    if let connack = inbox.connack {
      inbox.connack = nil
      unsafe mosquitto_log_callback_set(handle, nil)
      guard connack.reason == 0 else {
        let error = MQTTError.refusal("connect", subject, reason: connack.reason)
        inbox.events.append(.refused(error))
        throw fail(error)
      }
      state = .connected
      inbox.events.append(.connected(isSessionPresent: connack.isSessionPresent))
    }
    if let refusal = inbox.disconnect, refusal >= 128 {
      throw fail(.refusal(operation, subject, reason: refusal))
    }
    guard code != successCode || inbox.disconnect != nil else { return }
    let number = code != successCode ? code : MOSQ_ERR_CONN_LOST.rawValue
    throw fail(
      .library(
        operation, subject, mosq_err_t(rawValue: number), errno: reason,
        details: inbox.details))
  }

  private func fail(_ error: MQTTError) -> MQTTError {
    if let socket { shutdown(socket, Int32(SHUT_RDWR)) }
    end(.disconnected(error))
    return error
  }

  private func end(_ event: Event) {
    state = .idle
    if isHandleOurs {
      inbox.disconnect = nil
      inbox.connack = nil
      unsafe mosquitto_log_callback_set(handle, nil)
    }
    inbox.events.append(event)
  }

  private func requireConnection(_ operation: String) throws(MQTTError) {
    guard state == .connected else {
      throw .library(operation, subject, MOSQ_ERR_NO_CONN, errno: 0, details: [])
    }
  }

  private func check(_ operation: String, _ code: Int32) throws(MQTTError) {
    guard code != successCode else { return }
    throw .library(
      operation, subject, mosq_err_t(rawValue: code), errno: errno,
      details: [])
  }
}
