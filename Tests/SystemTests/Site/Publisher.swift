import Daemon
import Glibc
import MQTT
import Protocol
import TestSupport

/// A device that keeps account: which samples the local broker has acknowledged, and when. It
/// never sends a sample twice: one whose PUBACK did not come may have arrived or not.
final class Publisher {
  let source: String
  private(set) var acknowledged: [Identity: Duration] = [:]
  /// Handed to the broker without a PUBACK when the connection ended.
  private(set) var uncertain: Set<Identity> = []
  /// When each was handed to the broker, ms since 1970: only of those that carry no time.
  private(set) var handedMs: [Identity: Int64] = [:]
  private let port: Int
  /// Each of so many is a counter's reading without a time; 0: none.
  private let untimedEvery: Int64
  private var connection: Connection?
  private var waiting: [Int32: Identity] = [:]
  private var nextIndex: Int64 = 0
  private let startMs: Int64

  /// Whose readings carry no time.
  static let counter = "numbered"
  /// Samples on the way at most.
  static let inFlightMax = 500

  init(port: Int, source: String, untimedEvery: Int64 = 0) {
    self.port = port
    self.source = source
    self.untimedEvery = untimedEvery
    // Whole milliseconds of the last hour, one for each sample.
    startMs = wallClockMs() - 3_600_000
  }

  var sent: Int { Int(nextIndex) }

  /// The newest that was acknowledged.
  var last: Identity? { acknowledged.keys.max { $0.timeMs < $1.timeMs } }

  /// Publishes so many more, reconnecting as often as it takes.
  func publish(_ count: Int, within limit: Duration = .seconds(120)) throws {
    let deadline = monotonicNow() + limit
    let target = nextIndex + Int64(count)
    while nextIndex < target {
      guard monotonicNow() < deadline else {
        throw TestFailure("only \(nextIndex) of \(target) samples published")
      }
      pump(until: target)
    }
  }

  /// Publishes at a steady rate for so long, or while it is so.
  func publish(
    perSecond rate: Int, for time: Duration, while condition: () throws -> Bool = { true }
  ) throws {
    let (began, first) = (monotonicNow(), nextIndex)
    while monotonicNow() - began < time, try condition() {
      pump(until: first + Int64((monotonicNow() - began).inSeconds * Double(rate)))
    }
  }

  /// Waits for the PUBACKs of what is on the way.
  func settle(within limit: Duration = .seconds(60)) throws {
    try waitUntil("PUBACKs for \(waiting.count) samples", within: limit) {
      pump(until: nextIndex)
      return waiting.isEmpty
    }
  }

  /// How many samples of this publisher came before.
  func position(of identity: Identity) -> Int { Int(identity.timeMs - startMs) }

  /// A sample with its time, or a reading without one.
  private func publication(_ identity: Identity) -> Publication {
    let isUntimed = untimedEvery > 0 && nextIndex % untimedEvery == 0
    if isUntimed { handedMs[identity] = wallClockMs() }
    return Publication(
      topic: Topic.measurement(isUntimed ? .service : .coverage, source: source),
      payload: isUntimed ? reading(identity) : payload(identity), isRetained: false)
  }

  /// A counter's reading that names itself by its value: `Received` has it so, too.
  private func reading(_ identity: Identity) -> [UInt8] {
    Array(
      #"{"area": "phu-ly", "counter": "\#(Publisher.counter)", "value": \#(identity.timeMs)}"#.utf8)
  }

  /// One sample as a device would send it, 200 bytes and a bit.
  private func payload(_ identity: Identity) -> [UInt8] {
    let seconds = identity.timeMs / 1_000
    let fraction = String(1_000 + identity.timeMs % 1_000).dropFirst()
    // A position that jumps, and never by the same step: the columns must not shrink to nothing.
    let noise = 100_000 + SeededGenerator.noise(identity.timeMs, below: 800_000)
    return Array(
      """
      {"time": \(seconds).\(fraction), "lat": 20.\(noise), "lon": 105.\(noise), \
      "accuracy": 4.5, "rat": "nr-sa", "active": true, "ss_rsrp": -9\(identity.timeMs % 10), \
      "ss_rsrq": -11, "ss_sinr": 12.5, "plmn": "45204", "band": "n78", "cell": "4520400123"}
      """.utf8)
  }

  private func pump(until target: Int64) {
    guard let connection = connection ?? connect() else {
      poll(nil, 0, 20)
      return
    }
    do {
      while connection.isConnected, nextIndex < target, waiting.count < Publisher.inFlightMax {
        let identity = Identity(source: source, timeMs: startMs + nextIndex)
        nextIndex += 1
        let id = try connection.publish(publication(identity))
        waiting[id] = identity
      }
      if connection.wantsWrite { try connection.write() }
      var entry = pollfd(
        fd: connection.fileDescriptor ?? -1,
        events: Int16(POLLIN) | (connection.wantsWrite ? Int16(POLLOUT) : 0), revents: 0)
      poll(&entry, 1, 20)
      try connection.read(messagesMax: 1)
      try connection.maintain()
      take(connection.takeEvents())
    } catch { lose() }
  }

  private func connect() -> Connection? {
    var options = ConnectionOptions(
      host: "127.0.0.1", port: port, clientID: "device-\(source)-\(UInt32.random(in: 0 ... .max))")
    options.isCleanStart = true
    options.inflightMaximum = Publisher.inFlightMax
    guard let made = try? Connection(options), (try? made.connect()) != nil else { return nil }
    connection = made
    return made
  }

  private func take(_ events: [Connection.Event]) {
    for event in events {
      switch event {
      case .published(let id):
        if let identity = waiting.removeValue(forKey: id) {
          acknowledged[identity] = monotonicNow()
        }
      case .disconnected: lose()
      case .connected, .subscribed, .refused: break
      }
    }
  }

  private func lose() {
    connection = nil
    uncertain.formUnion(waiting.values)
    waiting.removeAll()
  }
}
