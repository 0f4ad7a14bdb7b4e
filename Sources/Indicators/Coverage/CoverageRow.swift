/// What one source saw of one operator in one z19 cell on one local day: a row of the day-state.
public struct CoverageRow: Equatable, Sendable {
  public var operatorID: Int64
  /// z19, interleaved.
  public var cell: Int64
  /// Local day since 1970.
  public var day: Int
  /// 0 ..< 2^32.
  public var source: Int64
  /// Samples that prove something either way.
  public var conclusive: Int64
  /// Of these, with SS-RSRP ≥ `covered_dbm`.
  public var covered: Int64
  /// Of these, with SS-RSRP ≥ `strong_dbm`.
  public var strong: Int64
  /// No NR and no proof that the device looked, or NR without a level.
  public var inconclusive: Int64
  /// Position worse than `accuracy_m`.
  public var inaccurate: Int64
  /// Operator not in `home_plmns`.
  public var roaming: Int64
  /// Of all its samples, ms since 1970.
  public var oldestMs: Int64
  public var newestMs: Int64

  public init(
    operatorID: Int64, cell: Int64, day: Int, source: Int64, conclusive: Int64, covered: Int64,
    strong: Int64, inconclusive: Int64 = 0, inaccurate: Int64 = 0, roaming: Int64 = 0,
    oldestMs: Int64 = 0, newestMs: Int64 = 0
  ) {
    self.operatorID = operatorID
    self.cell = cell
    self.day = day
    self.source = source
    self.conclusive = conclusive
    self.covered = covered
    self.strong = strong
    self.inconclusive = inconclusive
    self.inaccurate = inaccurate
    self.roaming = roaming
    self.oldestMs = oldestMs
    self.newestMs = newestMs
  }
}

/// Samples that were looked at and do not decide anything, each with its reason; shown beside 20.2.
public struct CoverageCounts: Equatable, Sendable {
  /// Conclusive, in the widest window.
  public var conclusive: Int64 = 0
  public var inconclusive: Int64 = 0
  public var inaccurate: Int64 = 0
  public var roaming: Int64 = 0
  /// In no place of the population table: kept, drawn on the map, without weight.
  public var outside: Int64 = 0
  public var outsideCells: Int = 0
  /// Older than the widest window.
  public var stale: Int64 = 0

  public init() {}
}
