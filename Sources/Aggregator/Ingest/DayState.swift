import Daemon
package import Protocol

/// What the segments of one transaction add to the state by day. Collects in memory, and is merged
/// into the store at the end of the transaction; order-independent in all its parts.
package struct DayState {
  private let rules: StateRules
  /// Kinds that are added; a rebuild leaves the others alone.
  private let kinds: Set<Kind>
  private var coverage = CoverageDays()
  private var broadband: [BroadbandKey: BroadbandDay] = [:]
  private var points: [Int64: [ServicePoint]] = [:]
  private var aside: [AsideKey: SetAside] = [:]
  private var corrections: [CorrectionKey: ClockCorrection] = [:]
  private var received: [ReceivedKey: Received] = [:]

  private struct Received {
    var count: Int64 = 0
    var lastMs: Int64 = 0

    mutating func add(_ count: Int, _ arrivedMs: Int64) {
      self.count += Int64(count)
      lastMs = max(lastMs, arrivedMs)
    }
  }

  /// Reasons for which a measurement is kept and not used.
  enum AsideReason: String {
    /// More than `StateRules.futureMsMax` past its arrival.
    case future
    /// Older on arrival than the store keeps segments.
    case tooOld = "too_old"
    /// Stamped by an agent's clock of which nobody knows what time it was.
    case clockUnknown = "clock_unknown"
    /// In a segment that does not decode; its kind is not known.
    case undecodable
  }

  private struct AsideKey: Hashable {
    let agent: Int64
    let kind: String
    let reason: AsideReason
  }

  private struct CorrectionKey: Hashable {
    let agent: Int64
    let evidence: String
  }

  private struct ReceivedKey: Hashable {
    let agent: Int64
    let kind: Kind
  }

  package init(rules: StateRules, kinds: Set<Kind> = Set(Kind.allCases)) {
    self.rules = rules
    self.kinds = kinds
  }

  package mutating func add(
    _ segment: Segment, agent: Int64, arrivedMs: Int64, names: inout NameCache, store: any Store
  ) throws(StoreError) {
    for block in segment.blocks where kinds.contains(block.kind) {
      let key = ReceivedKey(agent: agent, kind: block.kind)
      received[key, default: Received()].add(block.count, arrivedMs)
      // A record of `hatang-agent check` is counted, and has no state.
      if block.kind == .check { continue }
      let sourceTable = block.texts(.source).table
      var sources: [Int64] = []
      for name in sourceTable {
        sources.append(
          try names.source(
            agent: agent, name: name, isSimulated: block.isSimulated, in: store))
      }
      let origin = Origin(
        agent: agent, arrivedMs: arrivedMs, sources: sources, clock: segment.clock)
      note(block, origin)
      switch block.kind {
      case .coverage: try addCoverage(block, origin, &names, store)
      case .broadband: try addBroadband(block, origin, &names, store)
      case .service: try addServices(block, origin, &names, store)
      case .check: break
      }
    }
  }

  /// A segment that does not decode: its measurements are counted, and that is all.
  mutating func addUndecodable(count: Int, fault: String, agent: Int64, arrivedMs: Int64) {
    setAside(
      AsideKey(agent: agent, kind: "", reason: .undecodable), count: Int64(count), arrivedMs,
      fault)
  }

  /// - Parameter countsReceived: false where they were counted before, in a rebuild.
  package func merge(into store: any Store, countsReceived: Bool = true) throws(StoreError) {
    for row in coverage.rows { try store.merge(row) }
    for (key, day) in broadband {
      var whole = try store.broadbandDay(key) ?? BroadbandDay()
      whole.merge(day)
      try store.save(whole, key)
    }
    for (series, points) in points { try merge(points, series, into: store) }
    for (key, aside) in aside { try store.count(aside, agent: key.agent) }
    guard countsReceived else { return }
    for (key, correction) in corrections { try store.count(correction, agent: key.agent) }
    for (key, each) in received {
      try store.count(
        received: each.count, kind: key.kind, agent: key.agent, arrivedMs: each.lastMs)
    }
  }

  /// Where a block comes from, with the store's numbers of its table of sources.
  private struct Origin {
    let agent: Int64
    let arrivedMs: Int64
    let sources: [Int64]
    /// `nil`: the agent was sure of it.
    let clock: SegmentClock?
  }

  /// Counts what the agent's clock had stamped before it was right.
  private mutating func note(_ block: Block, _ origin: Origin) {
    let count = Int64(block.clockRowCount)
    guard let clock = origin.clock, count > 0,
      let correction = ClockCorrection(clock, count: count, arrivedMs: origin.arrivedMs)
    else { return }
    let key = CorrectionKey(agent: origin.agent, evidence: correction.evidence)
    corrections[key] = corrections[key]?.adding(correction) ?? correction
  }

  private mutating func addCoverage(
    _ block: Block, _ origin: Origin, _ names: inout NameCache, _ store: any Store
  ) throws(StoreError) {
    let plmns = block.texts(.plmn)
    var operators: [CoverageDays.Operator] = []
    for plmn in plmns.table {
      let isRoaming = rules.homePLMNs.map { !$0.contains(plmn) } ?? false
      operators.append(
        .init(id: try names.operatorID(plmn: plmn, in: store), isRoaming: isRoaming))
    }
    var unknown = CoverageDays.Operator(id: 0, isRoaming: false)
    if !plmns.indices.isComplete {
      unknown = .init(id: try names.operatorID(plmn: "", in: store), isRoaming: false)
    }
    let columns = CoverageDays.Columns(block)
    let times = block.integers(.time)
    let sources = block.texts(.source).indices
    for row in 0..<block.count {
      let time = times[row] ?? 0
      guard isSound(time, block, row, origin) else {
        setAside(block, row, time, origin)
        continue
      }
      let found = plmns.indices[row].map { operators[Int($0)] } ?? unknown
      coverage.add(
        columns, row: row, timeMs: time, source: origin.sources[Int(sources[row] ?? 0)],
        operator: found, rules: rules)
    }
  }

  private mutating func addBroadband(
    _ block: Block, _ origin: Origin, _ names: inout NameCache, _ store: any Store
  ) throws(StoreError) {
    for row in 0..<block.count {
      let measurement = block.measurement(at: row)
      guard isSound(measurement.timeMs, block, row, origin) else {
        setAside(block, row, measurement.timeMs, origin)
        continue
      }
      guard case .broadband(let test) = measurement.body else { continue }
      let line = try names.line(test.line, isSimulated: block.isSimulated, in: store)
      let key = BroadbandKey(line: line, day: rules.day(of: measurement.timeMs))
      broadband[key, default: BroadbandDay()].merge(
        BroadbandDay(test, timeMs: measurement.timeMs, isCounted: rules.counts(test)))
    }
  }

  private mutating func addServices(
    _ block: Block, _ origin: Origin, _ names: inout NameCache, _ store: any Store
  ) throws(StoreError) {
    let sources = block.texts(.source).indices
    for row in 0..<block.count {
      let measurement = block.measurement(at: row)
      guard isSound(measurement.timeMs, block, row, origin) else {
        setAside(block, row, measurement.timeMs, origin)
        continue
      }
      guard case .service(let count) = measurement.body else { continue }
      let series = try names.series(
        source: origin.sources[Int(sources[row] ?? 0)], area: count.area ?? "",
        counter: count.counter, in: store)
      points[series, default: []].append(
        ServicePoint(timeMs: measurement.timeMs, value: count.value))
    }
  }

  private func merge(
    _ points: [ServicePoint], _ series: Int64, into store: any Store
  ) throws(StoreError) {
    // In order of time, in which most lie behind all that their day has.
    var rest = points.sorted { $0.timeMs < $1.timeMs }[...]
    while let next = rest.first {
      let number = rules.day(of: next.timeMs)
      let times = rules.times(of: number)
      var day = try store.serviceDay(series: series, day: number)
      while let point = rest.first, times.contains(point.timeMs) {
        try merge(point, series, times, &day, into: store)
        rest.removeFirst()
      }
      if let day { try store.save(day, series: series, day: number) }
    }
  }

  /// - Parameter day: of the point; `nil`: it is the first.
  private func merge(
    _ point: ServicePoint, _ series: Int64, _ times: Range<Int64>, _ day: inout ServiceDay?,
    into store: any Store
  ) throws(StoreError) {
    var near = ServiceNeighbours(before: day?.last)
    if let last = day?.last, point.timeMs <= last.timeMs {
      near = try store.neighbours(of: point.timeMs, series: series, in: times)
      if let same = near.same, same.value >= point.value { return }
    }
    day?.put(point, beside: near)
    day = day ?? ServiceDay(point)
    try store.put(point, series: series)
  }

  @inline(__always)
  private func isSound(_ timeMs: Int64, _ block: Block, _ row: Int, _ origin: Origin) -> Bool {
    if origin.clock != nil, isUnknown(block, row, origin) { return false }
    return timeMs <= origin.arrivedMs &+ StateRules.futureMsMax
      && timeMs >= origin.arrivedMs &- rules.keepRawMs
  }

  private func isUnknown(_ block: Block, _ row: Int, _ origin: Origin) -> Bool {
    guard case .unknown = origin.clock else { return false }
    return block.isOfClock(row)
  }

  private mutating func setAside(_ block: Block, _ row: Int, _ timeMs: Int64, _ origin: Origin) {
    var reason: AsideReason = timeMs > origin.arrivedMs ? .future : .tooOld
    let source = block.texts(.source)[row] ?? ""
    var text = "source \(source), measured at \(timeMs) ms, arrived at \(origin.arrivedMs) ms"
    if case .unknown(let afterMs, let beforeMs) = origin.clock, block.isOfClock(row) {
      reason = .clockUnknown
      text += "; the agent's clock was wrong, nobody knows by how much"
      if afterMs > 0 { text += "; after \(RFC3339.format(ms: afterMs))" }
      if beforeMs > 0 { text += "; before \(RFC3339.format(ms: beforeMs))" }
    }
    setAside(
      AsideKey(agent: origin.agent, kind: block.kind.name, reason: reason), count: 1,
      origin.arrivedMs, text)
  }

  private mutating func setAside(
    _ key: AsideKey, count: Int64, _ arrivedMs: Int64, _ text: String
  ) {
    var entry =
      aside[key]
      ?? SetAside(
        kind: key.kind, reason: key.reason.rawValue, count: 0, lastMs: arrivedMs, last: text)
    entry.count += count
    if (arrivedMs, text) > (entry.lastMs, entry.last) {
      entry.lastMs = arrivedMs
      entry.last = text
    }
    aside[key] = entry
  }
}

extension DecodedColumn {
  /// Every row has a value.
  var isComplete: Bool {
    switch self {
    case .absent: false
    case .constant: true
    case .rows(_, let isPresent): isPresent == nil
    }
  }
}
