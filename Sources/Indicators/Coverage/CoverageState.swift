/// What has been seen of every operator in every place: the figures of the province and of each
/// area follow from it (steps 4 to 6 of 20.2).
public struct CoverageState: Sendable {
  let method: Method
  let table: PopulationTable
  public let operators: [OperatorPlaces]
  public let counts: CoverageCounts

  /// The figure of the whole province.
  public func province() -> CoverageFigure {
    figure(table.population.enumerated().map { ($0.offset, $0.element) })
  }

  /// The figure of one area: its own people, its own largest operator.
  public func area(_ index: Int) -> CoverageFigure {
    figure(table.shares[table.areaShares[index]].map { ($0.place, $0.population) })
  }

  /// - Parameter weights: places, rising, with the people in them.
  private func figure(_ weights: [(place: Int, population: Double)]) -> CoverageFigure {
    let population = weights.reduce(0) { $0 + $1.population }
    let figures = operators.compactMap { entry -> OperatorFigure? in
      let figure = operatorFigure(entry, weights, population)
      return figure.hasEvidence ? figure : nil
    }
    // Ties go to the lower id, so that the same data always name the same operator.
    let shown = figures.filter(\.reasons.isEmpty)
    let headline =
      shown.max { ($0.share, $1.operatorID) < ($1.share, $0.operatorID) }
      ?? figures.max {
        ($0.measuredPopulation, $1.operatorID) < ($1.measuredPopulation, $0.operatorID)
      }
    let reasons = population == 0 ? [.noPopulation] : headline?.reasons ?? [.nothingMeasured]
    return CoverageFigure(
      population: population, operators: figures, headline: headline, reasons: reasons)
  }

  private func operatorFigure(
    _ entry: OperatorPlaces, _ weights: [(place: Int, population: Double)], _ population: Double
  ) -> OperatorFigure {
    var figure = OperatorFigure(operatorID: entry.operatorID, population: population)
    var weighted = (covered: 0.0, strong: 0.0, squares: 0.0)
    var sources: Set<Int64> = []
    var next = weights.startIndex
    for place in entry.places {
      while next < weights.endIndex, weights[next].place < place.place { next += 1 }
      guard next < weights.endIndex, weights[next].place == place.place else { continue }
      figure.inconclusive += place.inconclusive
      figure.seenPlaces += 1
      guard let window = place.window else { continue }
      let people = weights[next].population
      figure.measuredPlaces += 1
      figure.measuredPopulation += people
      weighted.covered += people * Double(place.covered) / Double(place.bins)
      weighted.strong += people * Double(place.strong) / Double(place.bins)
      weighted.squares += people * people / place.effectiveBins(rho: method.rho)
      figure.bins += place.bins
      figure.samples += place.samples
      figure.oldestMs = min(figure.oldestMs ?? .max, place.oldestMs)
      figure.newestMs = max(figure.newestMs ?? .min, place.newestMs)
      figure.widestWindow = max(figure.widestWindow, method.freshDays[window])
      sources.formUnion(place.sources)
    }
    figure.sources = sources.count
    if figure.measuredPopulation > 0 {
      figure.coveredPopulation = weighted.covered
      figure.strongPopulation = weighted.strong
      // 1/Σ(W²/n′) with W = people/measured, without dividing each weight.
      figure.effectiveBins =
        figure.measuredPopulation * figure.measuredPopulation / weighted.squares
    }
    figure.reasons = reasons(figure)
    return figure
  }

  private func reasons(_ figure: OperatorFigure) -> [Reason] {
    var reasons: [Reason] = []
    if figure.measuredShare < method.minPopulationShare {
      reasons.append(
        .populationShare(figure.measuredShare, needed: method.minPopulationShare))
    }
    if figure.effectiveBins < method.minEffective {
      reasons.append(.effectiveBins(figure.effectiveBins, needed: method.minEffective))
    }
    return reasons
  }
}

/// 20.2 of the province or of an area.
public struct CoverageFigure: Equatable, Sendable {
  /// All people.
  public let population: Double
  /// Every operator of which anything conclusive was seen here, by id.
  public let operators: [OperatorFigure]
  /// The largest of those that may be shown; if none may, the one that was seen most.
  public let headline: OperatorFigure?
  /// Why there is no value; empty: there is one.
  public let reasons: [Reason]

  public var isShown: Bool { reasons.isEmpty }
  public var bounds: Interval { headline?.bounds ?? .unknown }
}

/// 20.2 of one operator.
public struct OperatorFigure: Equatable, Sendable {
  public let operatorID: Int64
  /// All people.
  public let population: Double
  /// People of the measured places.
  public internal(set) var measuredPopulation = 0.0
  /// Σ people · p over the measured places.
  public internal(set) var coveredPopulation = 0.0
  public internal(set) var strongPopulation = 0.0
  /// n_eff.
  public internal(set) var effectiveBins = 0.0
  public internal(set) var measuredPlaces = 0
  /// Places with anything conclusive.
  public internal(set) var seenPlaces = 0
  /// Of the measured places, in the windows that were used.
  public internal(set) var bins = 0
  public internal(set) var samples: Int64 = 0
  public internal(set) var sources = 0
  public internal(set) var oldestMs: Int64?
  public internal(set) var newestMs: Int64?
  /// The longest fresh window that a measured place needed, days; 0 if none is measured.
  public internal(set) var widestWindow = 0
  public internal(set) var inconclusive: Int64 = 0
  /// Why it may not be shown; empty: it may.
  public internal(set) var reasons: [Reason] = []

  init(operatorID: Int64, population: Double) {
    self.operatorID = operatorID
    self.population = population
  }

  var hasEvidence: Bool { seenPlaces > 0 }
  /// c.
  public var measuredShare: Double { population > 0 ? measuredPopulation / population : 0 }
  /// p̂; 0 if nothing is measured.
  public var share: Double {
    measuredPopulation > 0 ? coveredPopulation / measuredPopulation : 0
  }
  /// p̂ at `strong_dbm`: a hint at indoor use, never called indoor coverage.
  public var strongShare: Double {
    measuredPopulation > 0 ? strongPopulation / measuredPopulation : 0
  }
  public var interval: Interval { Wilson.interval(share: share, count: effectiveBins) }
  public var strongInterval: Interval {
    Wilson.interval(share: strongShare, count: effectiveBins)
  }
  public var bounds: Interval { interval.bounds(seen: measuredShare) }
}
