import Daemon
import Indicators
import SQLite

/// One moment of an indicator's history, as charts and tables show it. Values in per cent.
struct HistoryPoint: Equatable, Sendable {
  let revision: Int64
  let timeMs: Int64
  let cause: String
  let value: Double?
  let interval: ClosedRange<Double>?
  let bounds: ClosedRange<Double>
  let isSimulated: Bool
}

/// What the charts are drawn from: the last value of each local day. Only revisions that came since
/// the last call are read, for a page is asked for far more often than a value changes.
final class Histories {
  private let store: StoreReader
  private let utcOffsetMinutes: Int
  private var points: [String: [HistoryPoint]] = [:]
  /// By code and revision.
  private var parts: [String: [Int64: [(part: PartHistory.Part, point: PartHistory.Point)]]] = [:]

  init(_ store: StoreReader, utcOffsetMinutes: Int) {
    self.store = store
    self.utcOffsetMinutes = utcOffsetMinutes
  }

  /// The oldest first.
  func daily(_ code: String) throws(StoreError) -> [HistoryPoint] {
    var known = points[code] ?? []
    for point in try store.points(code, after: known.last?.revision ?? 0) {
      if let last = known.last, day(last) == day(point) { known.removeLast() }
      known.append(point)
    }
    points[code] = known
    return known
  }

  /// The same of areas and operators, in the order in which they came up.
  func parts(_ code: String) throws(StoreError) -> [PartHistory] {
    let known = parts[code] ?? [:]
    var kept: [Int64: [(part: PartHistory.Part, point: PartHistory.Point)]] = [:]
    var order: [PartHistory.Part] = []
    var found: [PartHistory.Part: [PartHistory.Point]] = [:]
    for point in try daily(code) {
      let entries =
        if let entries = known[point.revision] { entries } else {
          try store.parts(code, of: point)
        }
      kept[point.revision] = entries
      for (part, value) in entries {
        if found[part] == nil { order.append(part) }
        found[part, default: []].append(value)
      }
    }
    parts[code] = kept
    return order.map { PartHistory(part: $0, points: found[$0] ?? []) }
  }

  private func day(_ point: HistoryPoint) -> Int {
    LocalDay.day(ofMs: point.timeMs, utcOffsetMinutes: utcOffsetMinutes)
  }
}

extension StoreReader {
  /// Revisions after one, rising.
  func points(_ code: String, after revision: Int64) throws(StoreError) -> [HistoryPoint] {
    do throws(SQLiteError) {
      let row = try database.prepare(
        """
        SELECT revision, computed_at_ms, cause, json_extract(json, '$.value'),
          json_extract(json, '$.interval[0]'), json_extract(json, '$.interval[1]'),
          json_extract(json, '$.bounds[0]'), json_extract(json, '$.bounds[1]'),
          json_extract(json, '$.simulated')
        FROM revisions WHERE code = ?1 AND revision > ?2 ORDER BY revision
        """)
      try row.bind(1, code)
      try row.bind(2, revision)
      var found: [HistoryPoint] = []
      while try row.step() {
        let lower = row.double(6)
        found.append(
          HistoryPoint(
            revision: row.integer(0), timeMs: row.integer(1), cause: row.text(2),
            value: row.optionalDouble(3),
            interval: row.isNull(4) ? nil : row.double(4)...max(row.double(4), row.double(5)),
            bounds: lower...max(lower, row.double(7)), isSimulated: row.integer(8) != 0))
      }
      return found
    } catch {
      throw StoreError(error)
    }
  }

  /// The number of the latest revision of each code; 0: none.
  func latestRevisions(_ codes: [String]) throws(StoreError) -> [Int64] {
    do throws(SQLiteError) {
      let row = try database.prepare(
        "SELECT revision FROM revisions WHERE code = ?1 ORDER BY revision DESC LIMIT 1")
      var numbers: [Int64] = []
      for code in codes {
        try row.bind(1, code)
        numbers.append(try row.step() ? row.integer(0) : 0)
        row.reset()
      }
      return numbers
    } catch {
      throw StoreError(error)
    }
  }

  /// One revision as it was shown: its number, or the last one computed before a moment.
  func revision(_ code: String, number: Int64) throws(StoreError) -> String? {
    try revision(code, "revision = ?2", number)
  }

  func revision(_ code: String, before timeMs: Int64) throws(StoreError) -> String? {
    try revision(code, "computed_at_ms < ?2 ORDER BY revision DESC LIMIT 1", timeMs)
  }

  private func revision(
    _ code: String, _ condition: String, _ value: Int64
  ) throws(StoreError) -> String? {
    do throws(SQLiteError) {
      let row = try database.prepare(
        "SELECT json FROM revisions WHERE code = ?1 AND \(condition)")
      try row.bind(1, code)
      try row.bind(2, value)
      return try row.step() ? row.text(0) : nil
    } catch {
      throw StoreError(error)
    }
  }
}
