/// One measurement as both sides know it: whole numbers in the units of the wire, so that nothing
/// is rounded twice between a device's payload and an indicator.
public struct Measurement: Equatable, Sendable {
  /// Who measured: the last part of the local topic, `measure/<kind>/<source>`.
  public var source: String
  /// When it was measured, ms since 1970-01-01T00:00:00Z.
  public var timeMs: Int64
  /// Whose clock `timeMs` comes from.
  public var timeOrigin: TimeOrigin
  /// Made by a simulator, not by an instrument. Never mixed with real data.
  public var isSimulated: Bool
  public var body: Body

  public enum Body: Equatable, Sendable {
    case coverage(Coverage)
    case broadband(Broadband)
    case service(ServiceCount)
    /// Nothing was measured: `hatang-agent check` sees whether a record comes all the way.
    case check
  }

  public init(
    source: String, timeMs: Int64, timeOrigin: TimeOrigin = .device, isSimulated: Bool = false,
    body: Body
  ) {
    self.source = source
    self.timeMs = timeMs
    self.timeOrigin = timeOrigin
    self.isSimulated = isSimulated
    self.body = body
  }

  public var kind: Kind {
    switch body {
    case .coverage: .coverage
    case .broadband: .broadband
    case .service: .service
    case .check: .check
    }
  }
}

/// The kinds of measurement; the raw value is the number on the wire.
public enum Kind: Int64, CaseIterable, Sendable {
  case coverage = 1
  case broadband = 2
  case service = 3
  /// Counts in the ledger, and for no indicator.
  case check = 4

  /// The kinds that are measurements; all but `check`.
  public static let measuring: [Kind] = [.coverage, .broadband, .service]

  /// The word in topics, metrics and JSON.
  public var name: String {
    switch self {
    case .coverage: "coverage"
    case .broadband: "broadband"
    case .service: "service"
    case .check: "check"
    }
  }

  public init?(name: some StringProtocol) {
    switch name {
    case "coverage": self = .coverage
    case "broadband": self = .broadband
    case "service": self = .service
    case "check": self = .check
    default: return nil
    }
  }
}

/// Whose clock a measurement's time comes from; the raw value is the number on the wire.
public enum TimeOrigin: Int64, Sendable {
  /// The payload carried a time.
  case device = 0
  /// It carried none: the agent's clock when the message arrived.
  case arrival = 1
}
