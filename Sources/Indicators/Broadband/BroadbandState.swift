/// All lines and records that 20.1 is made of: the figures of the province and of each area.
public struct BroadbandState: Sendable {
  let method: Method
  /// Households of each area, or its people where the table has no households.
  let weights: [Double]
  let lines: [Line]
  let records: [OfferRecord]

  /// - Parameter records: empty or all unknown: what is offered comes from the lines.
  public init(method: Method, weights: [Double], lines: [Line], records: [OfferRecord]) {
    self.method = method
    self.weights = weights
    self.lines = lines
    self.records = records
  }

  public func province() -> BroadbandFigure { figure(areas: Array(weights.indices), lines) }

  public func area(_ index: Int) -> BroadbandFigure {
    figure(areas: [index], lines.filter { $0.area == index })
  }

  private func figure(areas: [Int], _ lines: [Line]) -> BroadbandFigure {
    let fromRecords = records.contains { $0.orderableShare != nil }
    let offer = fromRecords ? offerOfRecords(areas) : offerOfLines(areas, lines)
    return BroadbandFigure(
      offer: offer, delivery: DeliveryFigure(lines, method: method), lineCount: lines.count,
      method: method)
  }

  /// Lines are the weights inside an area that has records; an area without any is unseen.
  private func offerOfRecords(_ areas: [Int]) -> OfferFigure {
    let records = records.filter { areas.contains($0.area) }
    let weight = areas.reduce(0) { $0 + weights[$1] }
    let recorded = areas.filter { area in records.contains { $0.area == area } }
    let recordedWeight = recorded.reduce(0) { $0 + weights[$1] }
    var (all, known, orderable) = (0.0, 0.0, 0.0)
    for record in records {
      all += Double(record.lines)
      guard let share = record.orderableShare else { continue }
      known += Double(record.lines)
      orderable += Double(record.lines) * share
    }
    let seen = all > 0 && weight > 0 ? known / all * (recordedWeight / weight) : 0
    let share = known > 0 ? orderable / known : 0
    return OfferFigure(
      basis: .records, weight: weight, measuredShare: seen, share: share,
      interval: known > 0 ? Interval(share, share) : .unknown, effectiveLines: nil,
      lines: records.count, measuredAreas: recorded.count, unplacedLines: 0)
  }

  private func offerOfLines(_ areas: [Int], _ lines: [Line]) -> OfferFigure {
    var known = Array(repeating: 0, count: weights.count)
    var offered = Array(repeating: 0, count: weights.count)
    var unplaced = 0
    for line in lines {
      guard let bps = line.offeredBps else { continue }
      guard let area = line.area else {
        unplaced += 1
        continue
      }
      known[area] += 1
      if bps >= method.requiredBps { offered[area] += 1 }
    }
    var (weight, measured, orderable, squares) = (0.0, 0.0, 0.0, 0.0)
    var measuredAreas = 0
    for area in areas {
      weight += weights[area]
      guard known[area] >= method.minLines, weights[area] > 0 else { continue }
      measuredAreas += 1
      measured += weights[area]
      orderable += weights[area] * Double(offered[area]) / Double(known[area])
      squares += weights[area] * weights[area] / Double(known[area])
    }
    let share = measured > 0 ? orderable / measured : 0
    let effective = measured > 0 ? measured * measured / squares : 0
    return OfferFigure(
      basis: .lines, weight: weight, measuredShare: weight > 0 ? measured / weight : 0,
      share: share, interval: Wilson.interval(share: share, count: effective),
      effectiveLines: effective, lines: areas.reduce(0) { $0 + known[$1] },
      measuredAreas: measuredAreas, unplacedLines: unplaced)
  }
}

/// A: the share of households where the required plan can be ordered.
public struct OfferFigure: Equatable, Sendable {
  public enum Basis: String, Sendable {
    case records, lines
  }

  public let basis: Basis
  /// All households (or people).
  public let weight: Double
  /// c.
  public let measuredShare: Double
  /// A; 0 if nothing is measured.
  public let share: Double
  /// Records have no sampling interval: both ends are `share`.
  public let interval: Interval
  /// n_eff; `nil` with records.
  public let effectiveLines: Double?
  /// Lines with a known offer, or records.
  public let lines: Int
  public let measuredAreas: Int
  /// Lines with a known offer whose tests name no area of the table: not in A.
  public let unplacedLines: Int

  public func reasons(_ method: Method) -> [Reason] {
    if weight == 0 { return [.noPopulation] }
    return measuredShare < method.minPopulationShare
      ? [.householdShare(measuredShare, needed: method.minPopulationShare)] : []
  }
}

/// V: the share of gigabit lines that deliver.
public struct DeliveryFigure: Equatable, Sendable {
  public let pass: Int
  public let fail: Int
  public let undecided: Int
  public let censored: Int
  public let offerOnly: Int
  public let planUnknown: Int

  init(_ lines: [Line], method: Method) {
    var counts: [Line.State: Int] = [:]
    for line in lines { counts[line.state, default: 0] += 1 }
    pass = counts[.pass, default: 0]
    fail = counts[.fail, default: 0]
    undecided = counts[.undecided, default: 0]
    censored = counts[.censored, default: 0]
    offerOnly = counts[.offerOnly, default: 0]
    planUnknown = counts[.planUnknown, default: 0]
  }

  public var decided: Int { pass + fail }
  /// Lines whose plan promises the required rate.
  public var gigabit: Int { decided + undecided + censored }
  /// V; 0 if nothing is decided.
  public var share: Double { decided > 0 ? Double(pass) / Double(decided) : 0 }
  public var interval: Interval { Wilson.interval(share: share, count: Double(decided)) }

  public func reasons(_ method: Method) -> [Reason] {
    var reasons: [Reason] = []
    if decided < method.minDecided {
      reasons.append(.decidedLines(decided, needed: method.minDecided))
    }
    if 2 * censored > gigabit { reasons.append(.censoredLines(censored, ofGigabit: gigabit)) }
    return reasons
  }
}

/// 20.1 of the province or of an area: A · V.
public struct BroadbandFigure: Equatable, Sendable {
  public let offer: OfferFigure
  public let delivery: DeliveryFigure
  /// Why there is no value; empty: there is one.
  public let reasons: [Reason]

  init(offer: OfferFigure, delivery: DeliveryFigure, lineCount: Int, method: Method) {
    self.offer = offer
    self.delivery = delivery
    let isEmpty = lineCount == 0 && offer.lines == 0
    reasons =
      isEmpty ? [.nothingMeasured] : offer.reasons(method) + delivery.reasons(method)
  }

  public var isShown: Bool { reasons.isEmpty }
  public var share: Double { offer.share * delivery.share }

  public var interval: Interval {
    Interval(
      offer.interval.lower * delivery.interval.lower,
      offer.interval.upper * delivery.interval.upper)
  }

  public var bounds: Interval { interval.bounds(seen: offer.measuredShare) }
}
