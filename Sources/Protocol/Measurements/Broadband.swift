/// One speed test of a fixed access line.
public struct Broadband: Equatable, Sendable {
  /// Id of the access line; one line has one vote.
  public var line: String
  /// Id of the area in the aggregator's table; `nil`: not known at the edge.
  public var area: String?
  /// Measured rate towards the user, bit/s.
  public var downBps: Int64
  /// Measured rate from the user, bit/s.
  public var upBps: Int64?
  /// Idle round trip, µs.
  public var latencyMicroseconds: Int64?
  /// µs.
  public var jitterMicroseconds: Int64?
  /// Share of packets lost, millionths; 0 … 1,000,000.
  public var lossMillionths: Int64?
  /// What the line's plan promises, bit/s; `nil`: unknown.
  public var provisionedDownBps: Int64?
  /// The fastest plan that can be ordered at this address, bit/s; `nil`: unknown.
  public var offeredDownBps: Int64?
  /// What the probe's own port can carry, bit/s; `nil`: unknown.
  public var linkBps: Int64?
  /// The probe was wired to the line; `nil`: unknown.
  public var isWired: Bool?
  /// Name of the measuring program.
  public var tool: String?
  /// Parallel TCP streams.
  public var streams: Int64?
  /// How long the test loaded the line, ms.
  public var durationMs: Int64?
  /// Round trip while the line was loaded towards the user, µs.
  public var downLatencyMicroseconds: Int64?
  /// Round trip while the line was loaded from the user, µs.
  public var upLatencyMicroseconds: Int64?

  public init(
    line: String, area: String? = nil, downBps: Int64, upBps: Int64? = nil,
    latencyMicroseconds: Int64? = nil, jitterMicroseconds: Int64? = nil,
    lossMillionths: Int64? = nil, provisionedDownBps: Int64? = nil, offeredDownBps: Int64? = nil,
    linkBps: Int64? = nil, isWired: Bool? = nil, tool: String? = nil, streams: Int64? = nil,
    durationMs: Int64? = nil, downLatencyMicroseconds: Int64? = nil,
    upLatencyMicroseconds: Int64? = nil
  ) {
    self.line = line
    self.area = area
    self.downBps = downBps
    self.upBps = upBps
    self.latencyMicroseconds = latencyMicroseconds
    self.jitterMicroseconds = jitterMicroseconds
    self.lossMillionths = lossMillionths
    self.provisionedDownBps = provisionedDownBps
    self.offeredDownBps = offeredDownBps
    self.linkBps = linkBps
    self.isWired = isWired
    self.tool = tool
    self.streams = streams
    self.durationMs = durationMs
    self.downLatencyMicroseconds = downLatencyMicroseconds
    self.upLatencyMicroseconds = upLatencyMicroseconds
  }
}
