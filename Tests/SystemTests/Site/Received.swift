import Protocol
import SQLite

/// What names one sample at both ends: its source and its time, which a test makes unique. A
/// `Publisher`'s reading of a counter is named by its value in the time's place: its time is what
/// is in question.
struct Identity: Hashable {
  let source: String
  let timeMs: Int64

  init(source: String, timeMs: Int64) {
    self.source = source
    self.timeMs = timeMs
  }

  init(_ measurement: Measurement) {
    source = measurement.source
    if case .service(let count) = measurement.body, count.counter == Publisher.counter {
      timeMs = count.value
    } else {
      timeMs = measurement.timeMs
    }
  }
}

/// The aggregator's store as a stranger reads it: the raw segments decoded, and the ledger.
struct Received {
  /// How often each measurement lies in the store.
  private(set) var counts: [Identity: Int] = [:]
  /// The times of counters' readings; `nil`: the segment says that nobody knows them.
  private(set) var readingTimes: [Identity: Int64?] = [:]
  /// In the order of arrival, by stream.
  private(set) var order: [Int64: [Identity]] = [:]
  private(set) var holes: [(first: Int64, last: Int64, reason: String)] = []
  private(set) var streams: [(next: Int64, received: Int64, duplicates: Int64, lost: Int64)] = []

  init(store: String) throws {
    let database = try Database(path: store, mode: .readOnly)
    let segments = try database.prepare(
      "SELECT stream, bytes FROM segments WHERE fault IS NULL ORDER BY stream, first")
    while try segments.step() {
      let stream = segments.integer(0)
      let segment = try Segment(decoding: segments.blob(1)[...])
      let isUnknown = if case .unknown? = segment.clock { true } else { false }
      for measurement in segment.measurements {
        let identity = Identity(measurement)
        counts[identity, default: 0] += 1
        if measurement.kind == .service {
          readingTimes.updateValue(isUnknown ? nil : measurement.timeMs, forKey: identity)
        }
        order[stream, default: []].append(identity)
      }
    }
    let ledger = try database.prepare(
      "SELECT next, received, duplicates, lost FROM streams ORDER BY id")
    while try ledger.step() {
      streams.append(
        (ledger.integer(0), ledger.integer(1), ledger.integer(2), ledger.integer(3)))
    }
    let lost = try database.prepare("SELECT first, last, reason FROM holes ORDER BY stream, first")
    while try lost.step() { holes.append((lost.integer(0), lost.integer(1), lost.text(2))) }
  }

  /// Measurements received or declared lost, all streams.
  static func accounted(store: String) throws -> UInt64 {
    let database = try Database(path: store, mode: .readOnly)
    return UInt64(try database.integer("SELECT coalesce(sum(received + lost), 0) FROM streams"))
  }

  var isBalanced: Bool { streams.allSatisfy { $0.next == $0.received + $0.lost } }

  var lost: Int64 { streams.reduce(0) { $0 + $1.lost } }

  func missing(of sent: some Sequence<Identity>) -> [Identity] {
    sent.filter { counts[$0] == nil }
  }

  var doubled: [Identity] { counts.filter { $0.value > 1 }.map(\.key) }
}
