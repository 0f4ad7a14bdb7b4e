import Protocol
import SQLite

/// How many measurements were accepted, by kind, and what was rejected, by kind and field, with the
/// last of each. A table of the buffer holds the same. However many rows there were, they take no
/// more room.
package struct Counts: Sendable {
  package struct Key: Hashable, Sendable {
    package let kind: String
    /// Empty: accepted.
    package let field: String

    /// What has no place of its own any more.
    fileprivate static let other = Key(kind: "unknown", field: "other")
  }

  package struct Entry: Equatable, Sendable {
    package var count: UInt64 = 0
    /// When the last one was rejected, ms since 1970.
    package var lastMs: Int64?
    package var reason: String?
    /// The beginning of its payload.
    package var sample: String?
  }

  package private(set) var entries: [Key: Entry] = [:]
  /// Not yet in the table.
  package var changed: Set<Key> = []

  /// Pairs of kind and field; the rest counts as field `other`. Topics and payloads come from
  /// outside.
  private static let entriesMax = 200

  package init() {}

  init(_ database: Database) throws(SQLiteError) {
    let select = try database.prepare(
      "SELECT kind, field, count, last_ms, reason, sample FROM counts")
    while try select.step() {
      entries[Key(kind: select.text(0), field: select.text(1))] = Entry(
        count: UInt64(max(0, select.integer(2))), lastMs: select.optionalInteger(3),
        reason: select.optionalText(4), sample: select.optionalText(5))
    }
  }

  mutating func add(_ group: BufferWriter.Group, nowMs: Int64) {
    var accepted: [Kind: UInt64] = [:]
    for measurement in group.measurements { accepted[measurement.kind, default: 0] += 1 }
    for (kind, count) in accepted {
      let key = Key(kind: kind.name, field: "")
      entries[key, default: Entry()].count += count
      changed.insert(key)
    }
    for (key, entry) in group.rejected.entries {
      var entry = entry
      entry.lastMs = nowMs
      add(entry, of: key)
    }
  }

  mutating func add(_ rejection: Rejection, sample: String) {
    let key = Key(
      kind: rejection.kind, field: rejection.field.isEmpty ? "payload" : rejection.field)
    add(Entry(count: 1, reason: rejection.reason, sample: sample), of: key)
  }

  /// Its last is the last one now.
  private mutating func add(_ entry: Entry, of wanted: Key) {
    let hasPlace = entries[wanted] != nil || entries.count < Counts.entriesMax
    let key = hasPlace ? wanted : .other
    var sum = entry
    sum.count += entries[key]?.count ?? 0
    entries[key] = sum
    changed.insert(key)
  }

  var figures: BufferFigures {
    var figures = BufferFigures()
    for (key, entry) in entries {
      if key.field.isEmpty {
        figures.accepted += entry.count
      } else {
        figures.rejected += entry.count
      }
    }
    return figures
  }
}
