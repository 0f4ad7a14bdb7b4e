import MQTT
import Protocol

/// Knows the local broker's redeliveries: messages that were committed and whose PUBACK the broker
/// never saw come again after a reconnect, a restart or a kill on either side, under the packet id
/// that they had. libmosquitto does not show the DUP flag, and it would not help: what was not
/// committed comes with it too.
///
/// The rule: packet id and a 48-bit hash of topic and payload of the last `messagesMax` messages
/// are kept, in the same transaction as their measurements. A message that matches one *from before
/// the present connection* is a redelivery, and is acknowledged but not stored; only until as many
/// messages as the window holds have arrived on this connection.
///
/// Its limits: the window holds half of all packet ids, so ids that the broker gives anew, one
/// after another, cannot meet the same ids of before. Only a broker that forgot where it was can
/// give an id of the window again, and then the payload would have to be the same too. A broker
/// that comes back with a file from more than `messagesMax` messages ago sends again what is no
/// longer known here. A retained message has a new id each time: it is known by its hash alone.
struct ArrivalWindow {
  /// Kept messages, a ring: id << 48 | hash.
  private var ring: [UInt64] = []
  private var next = 0
  /// Those of before the present connection, sorted. Empty once they no longer matter.
  private var before: [UInt64] = []
  /// Messages on this connection until `before` no longer matters.
  private var left = 0
  /// Of the present commit; enters the ring with it.
  private(set) var pending: [UInt64] = []

  static let messagesMax = 32_768
  private static let hashMask: UInt64 = 1 << 48 - 1

  init() {}

  /// - Parameter messages: what was kept, oldest first.
  init(_ messages: [UInt64]) {
    for message in messages { keep(message) }
  }

  /// A new connection: what has come until now may come again.
  mutating func connected() {
    before = ring.sorted()
    left = ArrivalWindow.messagesMax
  }

  /// Notes a message. Whether it is a redelivery of one that was committed before.
  mutating func isRedelivery(_ message: Message) -> Bool {
    guard message.qos > 0 else { return false }
    let hash = ArrivalWindow.hash(message)
    let entry = UInt64(message.packetID) << 48 | hash
    pending.append(entry)
    if message.isRetained {
      return ring.contains { $0 & ArrivalWindow.hashMask == hash }
    }
    guard left > 0 else { return false }
    left -= 1
    let isKnown = contains(entry)
    if left == 0 { before = [] }
    return isKnown
  }

  /// The commit that holds the pending messages is done.
  mutating func committed() {
    for message in pending { keep(message) }
    pending.removeAll(keepingCapacity: true)
  }

  /// The pending messages were not committed, and will come again.
  mutating func forgotten() { pending.removeAll(keepingCapacity: true) }

  /// Oldest first.
  var messages: [UInt64] { Array(ring[next...] + ring[..<next]) }

  private mutating func keep(_ message: UInt64) {
    if ring.count < ArrivalWindow.messagesMax {
      ring.append(message)
    } else {
      ring[next] = message
      next = (next + 1) % ArrivalWindow.messagesMax
    }
  }

  private func contains(_ entry: UInt64) -> Bool {
    var low = 0
    var high = before.count
    while low < high {
      let middle = (low + high) / 2
      if before[middle] < entry { low = middle + 1 } else { high = middle }
    }
    return low < before.count && before[low] == entry
  }

  private static func hash(_ message: Message) -> UInt64 {
    var digest = Digest()
    digest.add(message.topic.utf8)
    digest.add(message.payload)
    return digest.value >> 16
  }
}

extension ArrivalWindow {
  /// For the buffer's file: runs of rising packet ids, each with its hashes. Two bytes for the
  /// first id, two for the length, six a hash.
  static func encode(_ messages: [UInt64]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(6 * messages.count + 8)
    var start = 0
    while start < messages.count {
      let first = UInt16(messages[start] >> 48)
      var end = start + 1
      while end < messages.count, end - start < Int(UInt16.max),
        UInt16(messages[end] >> 48) == first &+ UInt16(end - start)
      {
        end += 1
      }
      let length = UInt16(end - start)
      bytes += [UInt8(first >> 8), UInt8(first & 0xff), UInt8(length >> 8), UInt8(length & 0xff)]
      for message in messages[start..<end] {
        for shift in stride(from: 40, through: 0, by: -8) {
          bytes.append(UInt8(truncatingIfNeeded: message >> UInt64(shift)))
        }
      }
      start = end
    }
    return bytes
  }

  /// What can be read of it: these bytes come from a disk.
  static func decode(_ bytes: [UInt8]) -> [UInt64] {
    var messages: [UInt64] = []
    var offset = 0
    while offset + 4 <= bytes.count {
      let first = UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      offset += 4
      guard length > 0, offset + 6 * length <= bytes.count else { return messages }
      for index in 0..<length {
        var hash: UInt64 = 0
        for byte in bytes[offset..<(offset + 6)] { hash = hash << 8 | UInt64(byte) }
        messages.append(UInt64(first &+ UInt16(index)) << 48 | hash)
        offset += 6
      }
    }
    return messages
  }
}
