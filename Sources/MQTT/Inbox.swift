import CMosquitto
import Glibc

/// What libmosquitto's callbacks leave for the connection's owner. They only copy and record; none
/// calls back into the library.
///
/// Owned by the `Connection`, which gives C an unretained pointer to it and destroys the handle
/// before it lets go of this.
final class Inbox {
  /// `host:port`, for errors.
  let subject: String
  var messages: [Message] = []
  /// Payloads of `messages`.
  var payloadBytes = 0
  var events: [Connection.Event] = []
  /// Callbacks of any kind since the connection was made: progress.
  var callbackCount: UInt64 = 0
  /// The CONNACK's reason; `nil`: none yet.
  var connack: (reason: Int32, isSessionPresent: Bool)?
  /// What the CONNACK said of the broker's bounds.
  var limits = BrokerLimits()
  /// libmosquitto's word that the connection is over: its code or the broker's reason.
  var disconnect: Int32?
  /// Publications that the broker took and had nobody to give to.
  var unclaimedCount: UInt64 = 0
  /// OpenSSL's complaints; only collected while connecting, because a log callback makes
  /// libmosquitto format a line for every packet.
  var details: [String] = []

  /// Topics that came before, so that a message needs no new string. Direct mapped.
  private var topics: [String] = Array(repeating: "", count: topicsMax)

  private static let topicsMax = 256
  private static let detailsMax = 8

  init(subject: String) { self.subject = subject }

  func note(_ detail: String) {
    guard details.count < Inbox.detailsMax else { return }
    // "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed"
    guard detail.hasPrefix("OpenSSL"), let start = detail.firstIndex(of: ":") else {
      return details.append(detail)
    }
    details.append(String(detail[start...].dropFirst(2)))
  }

  @inline(__always)
  func append(_ message: UnsafePointer<mosquitto_message>) {
    let message = unsafe message.pointee
    let payload = unsafe UnsafeRawBufferPointer(
      start: message.payload, count: Int(message.payloadlen))
    payloadBytes += payload.count
    unsafe messages.append(
      Message(
        topic: string(message.topic), payload: [UInt8](payload),
        packetID: UInt16(truncatingIfNeeded: message.mid), isRetained: message.retain,
        qos: Int(message.qos)))
  }

  /// The topic as a string, from the table where it is known.
  private func string(_ topic: UnsafePointer<CChar>) -> String {
    // FNV-1a; the length comes with it.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    var count = 0
    while unsafe topic[count] != 0 {
      hash = (hash ^ UInt64(UInt8(bitPattern: unsafe topic[count]))) &* 0x100_0000_01b3
      count += 1
    }
    let bytes = unsafe UnsafeRawBufferPointer(start: topic, count: count)
    let slot = Int(hash & UInt64(Inbox.topicsMax - 1))
    var known = topics[slot]
    let isSame = known.withUTF8 { known in
      guard known.count == count else { return false }
      guard let known = known.baseAddress, let bytes = bytes.baseAddress else { return true }
      return unsafe memcmp(known, bytes, count) == 0
    }
    if isSame { return known }
    let made = unsafe String(decoding: bytes, as: UTF8.self)
    topics[slot] = made
    return made
  }
}
