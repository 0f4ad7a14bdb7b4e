package import Daemon
import Protocol

/// A drive-test log of G-NetTrack Pro as coverage measurements.
///
/// The rules; `Tests/Resources/coverage_state.py` follows them independently:
/// 1. Columns are found by their names in the first line, wherever they stand: `Timestamp`,
///    `Longitude`, `Latitude`, `NetworkMode` must be there; `NRxRSRP`, `NRxRSRQ`, `RAWCELLID` and
///    `CellID` are used where they are.
/// 2. `-`, an empty cell and 2147483647 (Android's "not available") mean absent.
/// 3. A row is left out that has not as many cells as the first line (a log that was cut, whose
///    last number may have lost digits), no time, no position or an illegal one, or no known
///    network mode.
/// 4. `Timestamp` is the phone's local time, `2019.12.14_10.16.30`, at `--utc-offset`.
/// 5. `5G` is `nr-nsa` (an LTE anchor with an NR leg), `5G SA` is `nr-sa`. The level of the NR cell
///    is `NRxRSRP`, its quality `NRxRSRQ`; `RSRP`, `RSRQ` and `SNR` are the anchor's and not used.
/// 6. Beside any other mode the NR columns hold leftovers: in the real logs rows of HSPA+, which
///    has no NR leg, hold levels too. They are not used, and counted.
/// 7. A level or quality outside its legal range is a fault of the logger as 2147483647 is: it
///    counts as absent, and the row stays. So `5G` with such a level is NR without a level, which
///    is inconclusive: neither good nor bad is made of it. It is counted.
/// 8. `active` is what `--active` says of the whole log, and absent otherwise. `plmn` is `--plmn`,
///    for the log's operator is only a name.
package struct GNetTrackLog {
  package let options: Options
  private var columns: Columns

  /// What the log does not say of itself.
  package struct Options {
    /// Traffic flowed all the time.
    package var isActive = false
    package var plmn: String?
    /// Of the phone's local time.
    package var utcOffsetMs: Int64 = 7 * 3_600_000
    /// Names the measurements' source.
    package var source = "gnettrack"

    package init() {}

    /// What tells one import of a file from another.
    var text: String {
      "active=\(isActive) plmn=\(plmn ?? "-") utc_offset_ms=\(utcOffsetMs) source=\(source)"
    }
  }

  /// What became of a row.
  package enum Row: Equatable {
    /// A flat JSON object as devices publish it, and what was not used of the row.
    case measurement(String, notes: [Note])
    case leftOut(Reason)
  }

  /// Why a row is no measurement.
  package enum Reason: Hashable {
    case cut
    case noTime
    case noPosition
    case noMode
    case unknownMode(String)

    var text: Bilingual {
      switch self {
      case .cut: Bilingual("số ô khác số cột", "not as many cells as columns")
      case .noTime:
        Bilingual(
          "không có giờ, hoặc không như 2019.12.14_10.16.30",
          "no time, or none like 2019.12.14_10.16.30")
      case .noPosition:
        Bilingual("không có vị trí, hoặc vị trí sai", "no position, or an illegal one")
      case .noMode: Bilingual("không có loại mạng", "no network mode")
      case .unknownMode(let mode):
        Bilingual("loại mạng \(mode) chưa biết", "network mode \(mode) is not known")
      }
    }
  }

  /// What was not used of a row that was published.
  package enum Note: Hashable {
    case levelBesideOtherMode
    case illegalLevel
    case illegalQuality
    case noLevel

    var text: Bilingual {
      switch self {
      case .levelBesideOtherMode:
        Bilingual(
          "có mức NR bên loại mạng không phải 5G: không dùng",
          "NR level beside a mode that is not 5G: not used")
      case .illegalLevel: Self.outside("NRxRSRP", LegalRange.ssRsrp.legalText)
      case .illegalQuality: Self.outside("NRxRSRQ", LegalRange.ssRsrq.legalText)
      case .noLevel:
        Bilingual(
          "5G không có mức sóng: đã gửi, không kết luận được",
          "5G without a level: published, inconclusive")
      }
    }

    private static func outside(_ column: String, _ range: String) -> Bilingual {
      Bilingual(
        "\(column) ngoài \(range): coi như không có", "\(column) outside \(range): taken for absent"
      )
    }
  }

  /// Places of the columns in a row.
  private struct Columns {
    var count: Int
    var time: Int
    var longitude: Int
    var latitude: Int
    var mode: Int
    var level: Int?
    var quality: Int?
    var cell: Int?
  }

  /// - Parameter header: the first line.
  package init(header: String, file: String, options: Options) throws(UsageError) {
    let names = GNetTrackLog.cells(header)
    func required(_ name: String) throws(UsageError) -> Int {
      guard let place = names.firstIndex(of: name) else {
        throw UsageError(
          "\(file):1: column \(name) is missing; a log of G-NetTrack Pro begins with a line of "
            + "column names, among them Timestamp, Longitude, Latitude, NetworkMode")
      }
      return place
    }
    columns = Columns(
      count: names.count, time: try required("Timestamp"), longitude: try required("Longitude"),
      latitude: try required("Latitude"), mode: try required("NetworkMode"),
      level: names.firstIndex(of: "NRxRSRP"), quality: names.firstIndex(of: "NRxRSRQ"),
      cell: names.firstIndex(of: "RAWCELLID") ?? names.firstIndex(of: "CellID"))
    self.options = options
  }

  package func row(_ line: String) -> Row {
    let cells = GNetTrackLog.cells(line)
    guard cells.count == columns.count else { return .leftOut(.cut) }
    guard let timeMs = time(cells[columns.time]) else { return .leftOut(.noTime) }
    guard let latitude = GNetTrackLog.number(cells[columns.latitude], .latitude),
      let longitude = GNetTrackLog.number(cells[columns.longitude], .longitude)
    else { return .leftOut(.noPosition) }
    guard let mode = GNetTrackLog.present(cells[columns.mode]) else { return .leftOut(.noMode) }
    guard let access = GNetTrackLog.radioAccess(mode) else {
      return .leftOut(.unknownMode(String(mode.prefix(24))))
    }
    var text = "{\"time\":\(GNetTrackLog.seconds(timeMs)),\"lat\":\(latitude)"
    text += ",\"lon\":\(longitude),\"rat\":\"\(access.name)\""
    if options.isActive { text += ",\"active\":true" }
    let notes = addLevels(cells, access, to: &text)
    if let plmn = options.plmn { text += ",\"plmn\":\"\(plmn)\"" }
    if let cell = cell(cells) { text += ",\"cell\":\"\(cell)\"" }
    return .measurement(text + "}", notes: notes)
  }

  // MARK: Cells

  private func addLevels(
    _ cells: [String], _ access: RadioAccess, to text: inout String
  ) -> [Note] {
    let level = columns.level.flatMap { GNetTrackLog.present(cells[$0]) }
    guard access.isNR else { return level == nil ? [] : [.levelBesideOtherMode] }
    var notes: [Note] = []
    let legalLevel = level.flatMap { GNetTrackLog.number($0, .ssRsrp) }
    if level != nil, legalLevel == nil { notes.append(.illegalLevel) }
    guard let legalLevel else { return notes + [.noLevel] }
    text += ",\"ss_rsrp\":\(legalLevel)"
    if let quality = columns.quality.flatMap({ GNetTrackLog.present(cells[$0]) }) {
      if let legal = GNetTrackLog.number(quality, .ssRsrq) {
        text += ",\"ss_rsrq\":\(legal)"
      } else {
        notes.append(.illegalQuality)
      }
    }
    return notes
  }

  /// Digits only: what else a logger writes there is no identity.
  private func cell(_ cells: [String]) -> String? {
    guard let text = columns.cell.flatMap({ GNetTrackLog.present(cells[$0]) }),
      text.utf8.count <= TextLimit.identifier,
      text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
    else { return nil }
    return text
  }

  /// ms since 1970.
  private func time(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 19, bytes[10] == UInt8(ascii: "_") else { return nil }
    let date = bytes[..<10].map { $0 == UInt8(ascii: ".") ? UInt8(ascii: "-") : $0 }
    let clock = bytes[11...].map { $0 == UInt8(ascii: ".") ? UInt8(ascii: ":") : $0 }
    let local = String(decoding: date + [UInt8(ascii: "T")] + clock, as: UTF8.self)
    guard let ms = RFC3339.parse(local + "Z").map({ $0 - options.utcOffsetMs }),
      LegalRange.time.contains(ms)
    else { return nil }
    return ms
  }

  private static func seconds(_ ms: Int64) -> String {
    ms % 1_000 == 0 ? "\(ms / 1_000)" : "\(ms / 1_000).\(String(1_000 + ms % 1_000).dropFirst())"
  }

  /// The cell's text if it is a number of JSON within the range; the agent rounds it.
  private static func number(_ cell: String, _ range: LegalRange) -> String? {
    guard let text = present(cell), let number = DecimalNumber(json: text) else { return nil }
    var power = 0
    while UInt64(range.scale) > DecimalNumber.power(power) { power += 1 }
    guard let value = number.fixed(power: power), range.contains(value) else { return nil }
    return text
  }

  private static func present(_ cell: String) -> String? {
    ["", "-", "2147483647", "2147483647.0"].contains(cell) ? nil : cell
  }

  static func radioAccess(_ mode: String) -> RadioAccess? {
    switch mode.uppercased() {
    case "5G", "5G NSA", "5G-NSA", "NR NSA": .nrNSA
    case "5G SA", "5G-SA", "NR SA", "NR": .nrSA
    case "4G", "LTE", "LTE+", "LTE-A", "LTE_CA": .lte
    case "HSPA", "HSPA+", "HSDPA", "HSUPA", "HSPAP", "DC-HSPA+": .hspa
    case "3G", "UMTS", "WCDMA": .umts
    case "EDGE": .edge
    case "2G", "GSM", "GPRS": .gsm
    default: nil
    }
  }

  /// The cells of a line (RFC 4180), without spaces around them.
  static func cells(_ line: String) -> [String] {
    var cells: [String] = []
    var cell: [UInt8] = []
    var isQuoted = false
    for byte in line.utf8 {
      if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if byte == UInt8(ascii: ","), !isQuoted {
        cells.append(trimmed(cell))
        cell.removeAll(keepingCapacity: true)
      } else {
        cell.append(byte)
      }
    }
    return cells + [trimmed(cell)]
  }

  private static func trimmed(_ cell: [UInt8]) -> String {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0d }
    let content = cell.drop(while: isSpace)
    let end = content.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? content.startIndex
    return String(decoding: content[content.startIndex..<end], as: UTF8.self)
  }
}
