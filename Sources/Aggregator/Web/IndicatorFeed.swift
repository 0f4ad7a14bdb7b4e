import SQLite

/// Which indicators have a new revision since it was asked last, as server-sent events. The data
/// is the object of `/api/v1/indicators/<code>` and of the retained MQTT message.
struct IndicatorFeed {
  private let store: StoreReader
  private let codes: [String]
  /// The latest event of each code that has a value.
  private var latest: [String: (revision: Int64, event: [UInt8])] = [:]

  init(_ store: StoreReader, codes: [String]) {
    self.store = store
    self.codes = codes
  }

  /// All that a new listener has to know, in the order of the plan.
  var current: [[UInt8]] { codes.compactMap { latest[$0]?.event } }

  /// What is new.
  mutating func changes() throws(StoreError) -> [[UInt8]] {
    var events: [[UInt8]] = []
    for (code, revision, json) in try newer() {
      let event = Array("event: indicator\nid: \(code)/\(revision)\ndata: \(json)\n\n".utf8)
      latest[code] = (revision, event)
      events.append(event)
    }
    return events
  }

  private func newer() throws(StoreError) -> [(String, Int64, String)] {
    do throws(SQLiteError) {
      let row = try store.database.prepare(
        """
        SELECT revision, json FROM revisions WHERE code = ?1 AND revision > ?2
        ORDER BY revision DESC LIMIT 1
        """)
      var found: [(String, Int64, String)] = []
      for code in codes {
        try row.bind(1, code)
        try row.bind(2, latest[code]?.revision ?? 0)
        if try row.step() { found.append((code, row.integer(0), row.text(1))) }
        row.reset()
      }
      return found
    } catch {
      throw StoreError(error)
    }
  }
}
