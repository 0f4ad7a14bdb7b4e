/// One reading of a counter of an online service. A counter belongs to (source, area, name), only
/// rises, and restarts at zero when its program does.
public struct ServiceCount: Equatable, Sendable {
  /// Id of the area in the aggregator's table; `nil`: the whole province.
  public var area: String?
  /// Such as `dossiers_received_online`.
  public var counter: String
  /// The reading; 0 … 2^53 (what every JSON reader keeps exactly).
  public var value: Int64

  public init(area: String? = nil, counter: String, value: Int64) {
    self.area = area
    self.counter = counter
    self.value = value
  }
}
