import CMicrohttpd
import Daemon
import Glibc

/// libmicrohttpd, driven by its owner's thread: `turn` waits for sockets and answers what is due.
/// Handler and server belong to that thread; libmicrohttpd has none of its own here.
@safe
final class HTTPServer {
  /// Owned; stopped in `deinit`. Never `nil` after `init`.
  private let daemon: OpaquePointer
  /// Outlives `daemon`, whose callbacks get it unretained.
  private let desk: HTTPDesk

  private static let connectionsMax: UInt32 = 2_000
  /// Of one address, where no proxy speaks for many.
  private static let connectionsOfOneMax: UInt32 = 64
  /// A client that says nothing for so long is cut off, s.
  private static let idleSeconds: UInt32 = 30
  /// For the head of a request and of an answer; a longer one gets 431 or 414.
  private static let memoryBytes = 16 << 10

  /// Takes the socket over. `nil` where libmicrohttpd cannot start: out of memory or descriptors.
  ///
  /// - Parameter isShared: many clients may come from one address.
  init?(_ socket: ListenSocket, isShared: Bool, desk: HTTPDesk) {
    let context = unsafe Unmanaged.passUnretained(desk).toOpaque()
    var options: [any CVarArg] = [
      Int32(bitPattern: MHD_OPTION.LISTEN_SOCKET.rawValue), socket.descriptor,
      Int32(bitPattern: MHD_OPTION.CONNECTION_LIMIT.rawValue), HTTPServer.connectionsMax,
      Int32(bitPattern: MHD_OPTION.CONNECTION_TIMEOUT.rawValue), HTTPServer.idleSeconds,
      Int32(bitPattern: MHD_OPTION.CONNECTION_MEMORY_LIMIT.rawValue), HTTPServer.memoryBytes,
    ]
    if !isShared {
      options += [
        Int32(bitPattern: MHD_OPTION.PER_IP_CONNECTION_LIMIT.rawValue),
        HTTPServer.connectionsOfOneMax,
      ]
    }
    let (opened, completed) = unsafe (HTTPServer.opened, HTTPServer.completed)
    unsafe options += [
      Int32(bitPattern: MHD_OPTION.NOTIFY_CONNECTION.rawValue),
      unsafeBitCast(opened, to: Int.self), Int(bitPattern: context),
      Int32(bitPattern: MHD_OPTION.NOTIFY_COMPLETED.rawValue),
      unsafeBitCast(completed, to: Int.self), Int(bitPattern: context),
      Int32(bitPattern: MHD_OPTION.END.rawValue),
    ]
    let flags = MHD_USE_EPOLL.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
    let started = unsafe withVaList(options) { list in
      unsafe MHD_start_daemon_va(flags, 0, nil, nil, HTTPServer.answer, context, list)
    }
    guard let started = unsafe started else {
      close(socket.descriptor)
      return nil
    }
    unsafe daemon = started
    self.desk = desk
  }

  deinit {
    desk.streams.endAll()
    _ = unsafe MHD_run(daemon)
    unsafe MHD_stop_daemon(daemon)
  }

  /// Waits at most so long, and answers what has come.
  func turn(waitMs: Int32) {
    _ = unsafe MHD_run_wait(daemon, waitMs)
    desk.turn(now: monotonicNow())
  }

  /// libmicrohttpd calls this for each request first with its head, then for each part of its body,
  /// and last with nothing: "queue a response … when upload_data_size is zero". What is no GET or
  /// HEAD, or has a body, is answered at its head; a body is never read.
  private static let answer: MHD_AccessHandlerCallback = {
    context, connection, url, method, _, _, _, state in
    guard let context = unsafe context, let connection = unsafe connection,
      let url = unsafe url, let method = unsafe method, let state = unsafe state
    else { return .NO }
    let desk = unsafe Unmanaged<HTTPDesk>.fromOpaque(context).takeUnretainedValue()
    let word = unsafe String(cString: method)
    if unsafe state.pointee == nil {
      // Any pointer but null: the head of this request has been seen.
      unsafe state.pointee = UnsafeMutableRawPointer(connection)
      unsafe desk.watch.answering(descriptor(of: connection), now: monotonicNow())
      if word != "GET" && word != "HEAD" {
        return unsafe send(HTTPDesk.notAllowed(word), on: connection)
      }
      return unsafe hasBody(connection) ? send(HTTPDesk.bodyRefused, on: connection) : .YES
    }
    return unsafe desk.answer(connection, path: String(cString: url))
  }

  private static let opened: MHD_NotifyConnectionCallback = { context, connection, _, event in
    guard let context = unsafe context, let connection = unsafe connection else { return }
    let desk = unsafe Unmanaged<HTTPDesk>.fromOpaque(context).takeUnretainedValue()
    let descriptor = unsafe descriptor(of: connection)
    // MHD_CONNECTION_NOTIFY_STARTED, whose name the importer loses.
    if event.rawValue == 0 {
      desk.watch.opened(descriptor, now: monotonicNow())
    } else {
      desk.watch.closed(descriptor)
    }
  }

  private static let completed: MHD_RequestCompletedCallback = { context, connection, _, _ in
    guard let context = unsafe context, let connection = unsafe connection else { return }
    let desk = unsafe Unmanaged<HTTPDesk>.fromOpaque(context).takeUnretainedValue()
    unsafe desk.watch.answered(descriptor(of: connection), now: monotonicNow())
  }

  fileprivate static func descriptor(of connection: OpaquePointer) -> Int32 {
    unsafe hatang_descriptor(connection)
  }

  private static func hasBody(_ connection: OpaquePointer) -> Bool {
    if unsafe header("Transfer-Encoding", of: connection) != nil { return true }
    let length = unsafe header("Content-Length", of: connection)
    return length != nil && length != "0"
  }

  fileprivate static func header(_ name: String, of connection: OpaquePointer) -> String? {
    unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, name)
      .map { unsafe String(cString: $0) }
  }

  fileprivate static func send(
    _ response: HTTPResponse, on connection: OpaquePointer
  ) -> MHD_Result {
    guard let answer = PreparedAnswer(response) else { return .NO }
    return unsafe answer.queue(on: connection, acceptsGzip: false, known: nil)
  }
}

/// What the server's callbacks work on: who is there, what they are told. Owned by its thread.
final class HTTPDesk {
  let streams = EventStreams()
  fileprivate var watch = ConnectionWatch()
  private var cache = AnswerCache()
  private let access: AccessGuard
  private let handle: (HTTPRequest) -> HTTPResponse
  private var feed: IndicatorFeed

  init(
    access: AccessGuard, feed: IndicatorFeed, handle: @escaping (HTTPRequest) -> HTTPResponse
  ) {
    self.access = access
    self.feed = feed
    self.handle = handle
  }

  func turn(now: Duration) {
    watch.sweep(now: now)
    if streams.count > 0 { tellChanges(now: now) }
    streams.turn(now: now)
  }

  fileprivate func answer(_ connection: OpaquePointer, path: String) -> MHD_Result {
    let authorization = unsafe HTTPServer.header("Authorization", of: connection)
    let request = unsafe HTTPRequest(path: path, query: HTTPDesk.query(of: connection))
    guard access.admits(path: path, authorization: authorization) else {
      return unsafe HTTPServer.send(AccessGuard.refusal(of: request), on: connection)
    }
    if path == "/events" { return unsafe stream(connection) }
    guard let answer = cache.answer(request, now: monotonicNow(), handle) else { return .NO }
    let encodings = unsafe HTTPServer.header("Accept-Encoding", of: connection)
    return unsafe answer.queue(
      on: connection, acceptsGzip: HTTPDesk.acceptsGzip(encodings ?? ""),
      known: HTTPServer.header("If-None-Match", of: connection))
  }

  private func stream(_ connection: OpaquePointer) -> MHD_Result {
    // Those who listen already hear first what the new one is told.
    tellChanges(now: monotonicNow())
    guard let result = unsafe streams.open(connection, first: feed.current) else {
      return unsafe HTTPServer.send(HTTPDesk.tooManyStreams, on: connection)
    }
    unsafe watch.streaming(HTTPServer.descriptor(of: connection))
    return result
  }

  private func tellChanges(now: Duration) {
    // What cannot be read now is read at the next turn; the pages say why.
    guard let events = try? feed.changes() else { return }
    for event in events { streams.send(event, now: now) }
  }

  private static func query(of connection: OpaquePointer) -> [HTTPRequest.QueryItem] {
    var items: [HTTPRequest.QueryItem] = []
    _ = unsafe withUnsafeMutablePointer(to: &items) { items in
      unsafe MHD_get_connection_values_n(
        connection, .GET_ARGUMENT_KIND,
        { context, _, name, nameBytes, value, valueBytes in
          guard let context = unsafe context else { return .NO }
          let items = unsafe context.assumingMemoryBound(to: [HTTPRequest.QueryItem].self)
          unsafe items.pointee.append(
            .init(text(name, nameBytes), text(value, valueBytes)))
          return .YES
        }, items)
    }
    return items
  }

  /// `q=0` is a no.
  static func acceptsGzip(_ header: String) -> Bool {
    header.lowercased().split(separator: ",").contains { part in
      let words = part.split(separator: ";").map(\.trimmed)
      guard let name = words.first, name == "gzip" || name == "*" else { return false }
      return !words.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) }
    }
  }

  fileprivate static func notAllowed(_ method: String) -> HTTPResponse {
    let known = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]
    let shown = known.contains(method) ? method : "another method"
    return WebError(
      status: 405, error: "method_not_allowed",
      message: "\(shown) is not served; only GET and HEAD exist, nothing can be changed here",
      headers: [HTTPResponse.Header("Allow", "GET, HEAD")]
    ).response
  }

  fileprivate static let bodyRefused = WebError(
    status: 413, error: "body_not_allowed",
    message: "a request with a body is not served; leave the body out"
  ).response

  private static let tooManyStreams = WebError(
    status: 503, error: "too_many_streams",
    message: """
      \(EventStreams.streamsMax) event streams are open, which is the limit; try again later, or \
      ask /api/v1/indicators now and then
      """,
    headers: [HTTPResponse.Header("Retry-After", "30")]
  ).response
}

/// Bytes of libmicrohttpd as text; null is no text.
private func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
  guard let start = unsafe start else { return "" }
  let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
  return unsafe String(decoding: bytes, as: UTF8.self)
}
