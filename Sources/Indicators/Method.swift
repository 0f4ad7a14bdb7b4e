/// Every number of docs/methodology.md that a deployment may set, with its default: the object
/// `method` in the aggregator's configuration. The name there is in each comment.
///
/// The first group decides how a measurement enters the day-state and is read at ingest, so a
/// change there rebuilds the state; the second is read when a figure is computed.
public struct Method: Equatable, Sendable {
  // How the day-state is made.

  /// `utc_offset`, minutes east of UTC: where a local day begins.
  public var utcOffsetMinutes = 7 * 60
  /// `accuracy_m`: a coverage sample whose position is worse is left out.
  public var accuracyMetres = 50.0
  /// `covered_dbm`: SS-RSRP from which a sample is covered.
  public var coveredDbm = -110.0
  /// `strong_dbm`: SS-RSRP from which a sample belongs to the strong series; ≥ `coveredDbm`.
  public var strongDbm = -100.0
  /// `home_plmns`: operators that count; others are roaming. Empty: all count.
  public var homePlmns: [String] = []
  /// `min_streams`: TCP streams from which a speed test counts.
  public var minStreams: Int64 = 4
  /// `min_seconds`: length from which a speed test counts.
  public var minSeconds = 10.0

  // How figures are made of it.

  /// `accept_simulated`: simulated data are used, and what is made of them is marked.
  public var acceptSimulated = false
  /// `min_bins`: bins from which a tile is measured.
  public var minBins = 5
  /// `min_days`: days from which a tile is measured.
  public var minDays = 2
  /// `rho`: how much neighbouring bins of one visit agree; 0 … 1.
  public var rho = 0.25
  /// `fresh_days`: windows in local days, rising.
  public var freshDays = [90, 180, 365]
  /// `min_population_share`: measured share from which a figure is shown (20.2, and 20.1's
  /// households).
  public var minPopulationShare = 0.5
  /// `min_effective`: effective number of bins from which 20.2 is shown.
  public var minEffective = 30.0
  /// `required_bps`: what 20.1 calls a gigabit line.
  public var requiredBps: Int64 = 1_000_000_000
  /// `min_lines`: lines with a known offer from which an area's offer is measured.
  public var minLines = 5
  /// `record_days`: age up to which an operator's record of what can be ordered counts.
  public var recordDays = 365
  /// `test_days`: days with a test from which a line is decided.
  public var testDays = 3
  /// `pass_days`: of the latest `test_days` days, those that must deliver.
  public var passDays = 2
  /// `delivered_ratio`: share of `required_bps` that counts as delivered.
  public var deliveredRatio = 0.9
  /// `min_decided`: decided lines from which 20.1 is shown.
  public var minDecided = 30
  /// `line_days`: window of the line states, local days, today included.
  public var lineDays = 90
  /// `min_denominator`: cases in the period from which a 7.x share is shown.
  public var minDenominator: Int64 = 30
  /// `min_heard_share`: share of the cases that must come from sources that were heard.
  public var minHeardShare = 0.9

  public init() {}
}
