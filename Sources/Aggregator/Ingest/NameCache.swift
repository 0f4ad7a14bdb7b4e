/// The store's numbers for names that ingest has met, so that each is asked for once.
///
/// Numbers given in a transaction that was rolled back are void: forget all then.
package struct NameCache {
  private var agents: [String: Int64] = [:]
  private var sources: [SourceName: Int64] = [:]
  private var operators: [String: Int64] = [:]
  private var lines: [LineName: Int64] = [:]
  private var series: [SeriesName: Int64] = [:]

  /// Names of one sort that are remembered; beyond it all of that sort are forgotten, which costs
  /// a question each.
  private static let namesMax = 100_000

  private struct SourceName: Hashable {
    let agent: Int64
    let name: String
    let isSimulated: Bool
  }

  private struct LineName: Hashable {
    let line: String
    let isSimulated: Bool
  }

  private struct SeriesName: Hashable {
    let source: Int64
    let area: String
    let counter: String
  }

  package init() {}

  mutating func forget() { self = NameCache() }

  mutating func agent(_ name: String, in store: any Store) throws(StoreError) -> Int64 {
    try NameCache.number(name, &agents) { () throws(StoreError) in try store.agentID(name) }
  }

  mutating func source(
    agent: Int64, name: String, isSimulated: Bool, in store: any Store
  ) throws(StoreError) -> Int64 {
    let key = SourceName(agent: agent, name: name, isSimulated: isSimulated)
    return try NameCache.number(key, &sources) { () throws(StoreError) in
      try store.sourceID(agent: agent, name: name, isSimulated: isSimulated)
    }
  }

  mutating func operatorID(plmn: String, in store: any Store) throws(StoreError) -> Int64 {
    try NameCache.number(plmn, &operators) { () throws(StoreError) in
      try store.operatorID(plmn: plmn)
    }
  }

  mutating func line(
    _ line: String, isSimulated: Bool, in store: any Store
  ) throws(StoreError) -> Int64 {
    try NameCache.number(LineName(line: line, isSimulated: isSimulated), &lines) {
      () throws(StoreError) in
      try store.lineID(line, isSimulated: isSimulated)
    }
  }

  mutating func series(
    source: Int64, area: String, counter: String, in store: any Store
  ) throws(StoreError) -> Int64 {
    let key = SeriesName(source: source, area: area, counter: counter)
    return try NameCache.number(key, &series) { () throws(StoreError) in
      try store.seriesID(source: source, area: area, counter: counter)
    }
  }

  private static func number<Key: Hashable>(
    _ key: Key, _ known: inout [Key: Int64], ask: () throws(StoreError) -> Int64
  ) throws(StoreError) -> Int64 {
    if let number = known[key] { return number }
    let number = try ask()
    if known.count >= namesMax { known.removeAll() }
    known[key] = number
    return number
  }
}
