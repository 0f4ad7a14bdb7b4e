/// One look at the radio network from one place.
public struct Coverage: Equatable, Sendable {
  /// WGS 84, millionths of a degree; −90,000,000 … 90,000,000.
  public var latitudeMicrodegrees: Int32
  /// WGS 84, millionths of a degree; −180,000,000 … 180,000,000.
  public var longitudeMicrodegrees: Int32
  /// Radius of the position's uncertainty, 0.1 m; `nil`: the device did not say.
  public var accuracyDecimetres: Int32?
  public var radioAccess: RadioAccess
  /// Traffic flowed or a scan was done, so that the absence of NR proves something; `nil`: unknown.
  public var isActive: Bool?
  /// SS-RSRP of the NR cell, 0.1 dBm (3GPP TS 38.133); `nil`: no NR level.
  public var ssRsrpTenths: Int32?
  /// SS-RSRQ, 0.1 dB.
  public var ssRsrqTenths: Int32?
  /// SS-SINR, 0.1 dB.
  public var ssSinrTenths: Int32?
  /// Operator as MCC and MNC, such as `45204`; `nil`: unknown.
  public var plmn: String?
  /// NR band, such as `n78`.
  public var band: String?
  /// Cell identity as the device names it.
  public var cell: String?

  public init(
    latitudeMicrodegrees: Int32, longitudeMicrodegrees: Int32, accuracyDecimetres: Int32? = nil,
    radioAccess: RadioAccess, isActive: Bool? = nil, ssRsrpTenths: Int32? = nil,
    ssRsrqTenths: Int32? = nil, ssSinrTenths: Int32? = nil, plmn: String? = nil,
    band: String? = nil, cell: String? = nil
  ) {
    self.latitudeMicrodegrees = latitudeMicrodegrees
    self.longitudeMicrodegrees = longitudeMicrodegrees
    self.accuracyDecimetres = accuracyDecimetres
    self.radioAccess = radioAccess
    self.isActive = isActive
    self.ssRsrpTenths = ssRsrpTenths
    self.ssRsrqTenths = ssRsrqTenths
    self.ssSinrTenths = ssSinrTenths
    self.plmn = plmn
    self.band = band
    self.cell = cell
  }
}

/// Radio access technology; the raw value is the number on the wire.
public enum RadioAccess: Int64, CaseIterable, Sendable {
  /// No service at all.
  case none = 0
  /// 5G standalone.
  case nrSA = 1
  /// 5G non-standalone: an LTE anchor with an NR leg.
  case nrNSA = 2
  case lte = 3
  /// UMTS with HSPA or HSPA+.
  case hspa = 4
  case umts = 5
  case edge = 6
  /// GSM, with or without GPRS.
  case gsm = 7

  /// The word in payloads and JSON.
  public var name: String {
    switch self {
    case .none: "none"
    case .nrSA: "nr-sa"
    case .nrNSA: "nr-nsa"
    case .lte: "lte"
    case .hspa: "hspa"
    case .umts: "umts"
    case .edge: "edge"
    case .gsm: "gsm"
    }
  }

  public init?(name: some StringProtocol) {
    for access in RadioAccess.allCases where access.name == name {
      self = access
      return
    }
    return nil
  }

  public var isNR: Bool { self == .nrSA || self == .nrNSA }
}
