package import Daemon
import Indicators
import Protocol
import SQLite

/// What came and what is missing, stream by stream: `ledger`, `ledger --json`, `/api/v1/ledger`.
package struct LedgerReport: Equatable, Sendable {
  package var streams: [Stream]
  package var refusals: [Refused]
  package var setAside: [Aside]

  package struct Stream: Equatable, Sendable {
    package var agent: String
    package var stream: String
    package var next: Int64
    package var received: Int64
    package var duplicates: Int64
    package var lost: Int64
    /// The newest of them, in order: a report is bounded, whatever an agent declares.
    package var holes: [Hole] = []
    /// All of them.
    package var holeCount: Int64 = 0
    /// Numbers in all of them.
    package var lostInHoles: Int64 = 0
    package var firstReceivedMs: Int64
    package var lastReceivedMs: Int64

    /// Rises from stream to stream: "!" comes before every letter of a name.
    var cursor: String { "\(agent)!\(stream)" }

    /// Older than those that are shown.
    var holesLeftOut: Int64 { holeCount - Int64(holes.count) }

    /// Every number below `next` is received or lost, and each loss has its hole.
    package var isBalanced: Bool {
      next == received &+ lost && lost == lostInHoles
    }
  }

  package struct Hole: Equatable, Sendable {
    package var first: Int64
    package var last: Int64
    package var reason: String

    /// Stops at the greatest number: a file that was tampered with may hold anything.
    package var count: Int64 { [last, 0 &- first, 1].clampedSum() }
  }

  package struct Refused: Equatable, Sendable {
    package var agent: String
    package var reason: String
    package var count: Int64
    package var lastMs: Int64
    package var lastText: String

    /// Of an agent's own condition, not of the refusals'.
    var isOfQuotas: Bool { reason == Refusal.Reason.overQuota.rawValue }
  }

  package struct Aside: Equatable, Sendable {
    package var agent: String
    /// Empty: the kind is not known, for the segment does not decode.
    package var kind: String
    package var reason: String
    package var count: Int64
    package var lastMs: Int64
    package var last: String
  }

  package init(_ reader: StoreReader) throws {
    self = try reader.snapshot { try LedgerReport(reading: reader) }
  }

  /// Within a snapshot of the caller's.
  init(reading reader: StoreReader) throws {
    let holes = try LedgerReport.holes(reader)
    let rows = try reader.rows(
      """
      SELECT streams.id, name, stream, next, received, duplicates, lost, first_received_ms,
        last_received_ms
      FROM streams JOIN agents ON agents.id = agent ORDER BY name, stream
      """
    ) { row in
      (
        row.integer(0),
        Stream(
          agent: row.text(1), stream: StreamID(bytes: row.blob(2))?.description ?? "",
          next: row.integer(3), received: row.integer(4), duplicates: row.integer(5),
          lost: row.integer(6), firstReceivedMs: row.integer(7),
          lastReceivedMs: row.integer(8))
      )
    }
    streams = rows.map { id, stream in
      var stream = stream
      guard let own = holes[id] else { return stream }
      stream.holes = own.newest.reversed()
      stream.holeCount = own.count
      stream.lostInHoles = own.numbers
      return stream
    }
    refusals = try LedgerReport.refusals(reader)
    setAside = try LedgerReport.setAside(reader)
  }

  package var isBalanced: Bool { streams.allSatisfy(\.isBalanced) }

  /// A stream's, counted as they pass.
  private struct Holes {
    var newest: [Hole] = []
    var count: Int64 = 0
    var numbers: Int64 = 0
  }

  /// Shown of one stream, and of all together.
  private static let holesMax = 1_000
  private static let allHolesMax = 20_000

  private static func holes(_ reader: StoreReader) throws(StoreError) -> [Int64: Holes] {
    var found: [Int64: Holes] = [:]
    var present: (stream: Int64, holes: Holes)?
    var shown = 0
    try reader.each(
      "SELECT stream, first, last, reason FROM holes ORDER BY stream DESC, first DESC"
    ) { row in
      let stream = row.integer(0)
      if present?.stream != stream {
        if let present { found[present.stream] = present.holes }
        present = (stream, Holes())
      }
      let hole = Hole(first: row.integer(1), last: row.integer(2), reason: "")
      let numbers = present?.holes.numbers ?? 0
      present?.holes.count += 1
      present?.holes.numbers = [numbers, hole.count].clampedSum()
      guard shown < allHolesMax, (present?.holes.newest.count ?? 0) < holesMax else { return }
      shown += 1
      present?.holes.newest.append(Hole(first: hole.first, last: hole.last, reason: row.text(3)))
    }
    if let present { found[present.stream] = present.holes }
    return found
  }

  private static func refusals(_ reader: StoreReader) throws(StoreError) -> [Refused] {
    try reader.rows(
      "SELECT agent, reason, count, last_ms, last_text FROM refusals ORDER BY agent, reason"
    ) { row in
      Refused(
        agent: row.text(0), reason: row.text(1), count: row.integer(2), lastMs: row.integer(3),
        lastText: row.text(4))
    }
  }

  private static func setAside(_ reader: StoreReader) throws(StoreError) -> [Aside] {
    try reader.rows(
      """
      SELECT name, kind, reason, count, last_ms, last
      FROM set_aside JOIN agents ON agents.id = agent ORDER BY name, kind, reason
      """
    ) { row in
      Aside(
        agent: row.text(0), kind: row.text(1), reason: row.text(2), count: row.integer(3),
        lastMs: row.integer(4), last: row.text(5))
    }
  }
}

extension LedgerReport {
  package func write(to json: inout JSONWriter) { write(to: &json, page: nil) }

  /// - Parameter page: of the streams; `nil`: all of them, and no word of more.
  func write(to json: inout JSONWriter, page: ListPage?) {
    let (shown, next) =
      page?.part(
        of: streams, isAfter: { $0.cursor > $1 }, cursor: \.cursor) ?? (streams[...], nil)
    json.beginObject()
    json.key("streams")
    json.beginArray()
    for stream in shown { write(stream, to: &json) }
    json.endArray()
    if page != nil { json.member("next", next) }
    json.key("totals")
    json.beginObject()
    json.member("streams", streams.count)
    json.member("next", total(\.next))
    json.member("received", total(\.received))
    json.member("duplicates", total(\.duplicates))
    json.member("lost", total(\.lost))
    json.member("balanced", isBalanced)
    json.endObject()
    json.key("refusals")
    json.beginArray()
    for refusal in refusals {
      json.beginObject()
      json.member("agent", refusal.agent.isEmpty ? nil : refusal.agent)
      json.member("reason", refusal.reason)
      json.member("count", refusal.count)
      json.member("last_at", timeMs: refusal.lastMs)
      json.member("last_text", refusal.lastText)
      json.endObject()
    }
    json.endArray()
    json.key("set_aside")
    json.beginArray()
    for aside in setAside {
      json.beginObject()
      json.member("agent", aside.agent)
      json.member("kind", aside.kind.isEmpty ? nil : aside.kind)
      json.member("reason", aside.reason)
      json.member("count", aside.count)
      json.member("last_at", timeMs: aside.lastMs)
      json.member("last", aside.last)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  private func write(_ stream: Stream, to json: inout JSONWriter) {
    json.beginObject()
    json.member("agent", stream.agent)
    json.member("stream", stream.stream)
    json.member("next", stream.next)
    json.member("received", stream.received)
    json.member("duplicates", stream.duplicates)
    json.member("lost", stream.lost)
    json.key("holes")
    json.beginArray()
    for hole in stream.holes {
      json.beginObject()
      json.member("first", hole.first)
      json.member("last", hole.last)
      json.member("reason", hole.reason)
      json.endObject()
    }
    json.endArray()
    if stream.holesLeftOut > 0 { json.member("holes_left_out", stream.holesLeftOut) }
    json.member("first_received_at", timeMs: stream.firstReceivedMs)
    json.member("last_received_at", timeMs: stream.lastReceivedMs)
    json.endObject()
  }

  func total(_ path: KeyPath<Stream, Int64>) -> Int64 {
    streams.lazy.map { $0[keyPath: path] }.clampedSum()
  }

  /// For a terminal.
  package var text: String {
    guard !streams.isEmpty || !refusals.isEmpty else {
      return "Chưa có gói nào tới.\n  No batch has come yet.\n"
    }
    var table = TextTable([
      (Bilingual("TRẠM", "AGENT"), .left), (Bilingual("LUỒNG", "STREAM"), .left),
      (Bilingual("SỐ KẾ", "NEXT"), .right), (Bilingual("ĐÃ NHẬN", "RECEIVED"), .right),
      (Bilingual("TRÙNG", "DUPLICATES"), .right), (Bilingual("MẤT", "LOST"), .right),
      (Bilingual("NHẬN LẦN CUỐI", "LAST RECEIVED"), .left), (Bilingual("", ""), .left),
    ])
    for stream in streams {
      table.add([
        stream.agent, String(stream.stream.prefix(8)), "\(stream.next)", "\(stream.received)",
        "\(stream.duplicates)", "\(stream.lost)", RFC3339.format(ms: stream.lastReceivedMs),
        stream.isBalanced ? "" : "KHÔNG KHỚP / NOT BALANCED",
      ])
    }
    table.add([
      "tổng / total", "", "\(total(\.next))", "\(total(\.received))", "\(total(\.duplicates))",
      "\(total(\.lost))", "", "",
    ])
    var text = table.text
    for stream in streams {
      for hole in stream.holes {
        text +=
          "mất / lost: \(stream.agent) \(stream.stream.prefix(8)) \(hole.first)…\(hole.last), "
        text += "\(hole.reason)\n"
      }
      guard stream.holesLeftOut > 0 else { continue }
      text += "mất / lost: \(stream.agent) \(stream.stream.prefix(8)): "
      text += "\(stream.holesLeftOut) chỗ trống cũ hơn, xem bảng holes của kho\n"
      text += "  \(stream.holesLeftOut) older holes, see table holes of the store\n"
    }
    for aside in setAside {
      let kind = aside.kind.isEmpty ? "?" : aside.kind
      text += "để riêng / set aside: \(aside.count) × \(aside.agent), \(kind), \(aside.reason); "
      text += "cuối / last: \(aside.last)\n"
    }
    for refusal in refusals {
      let agent = refusal.agent.isEmpty ? "?" : refusal.agent
      text += "từ chối / refused: \(refusal.count) × \(agent), \(refusal.reason), cuối / last "
      text += "\(RFC3339.format(ms: refusal.lastMs)): \(refusal.lastText)\n"
    }
    return text
  }
}
