import Daemon
import Indicators

/// The pages of those who sign the indicators, and what they hand on: `/`, `/indicators`, `/map`,
/// `/reports`, `/data`. Reads the store. Owned by the web server's thread.
final class OwnersSite {
  let store: StoreReader
  let tables: Tables
  let method: Method
  let report: IngestReport
  private let now: () -> Int64
  let map: CoverageMap
  let openData: OpenDataConfiguration
  let baseMap: BaseMap?
  let scenes: CoverageScenes
  let reports: ReportMaker
  private var drafts: [String: (minute: Int64, content: ReportContent)] = [:]
  private let histories: Histories
  private var evidences: [EvidenceKey: (minute: Int64, evidence: Evidence)] = [:]
  /// Past days that were computed again.
  private var pasts: [EvidenceKey: (minute: Int64, result: IndicatorResult)] = [:]
  /// Past days and reports of past periods: each takes a walk through the state, for which every
  /// other reader waits.
  private static let pastPerMinute = 6
  /// The front page as it was last made, by language.
  private var front: [Language: (key: FrontKey, html: String)] = [:]

  /// What the front page follows from; with the minute, for it says how old each value is.
  private struct FrontKey: Equatable {
    let revisions: [Int64]
    let minute: Int64
    let isStateWhole: Bool
  }

  private struct EvidenceKey: Hashable {
    let code: String
    let day: Int
    var isPast = true
    var windowDays = 0
  }

  init(
    _ store: StoreReader, tables: Tables, method: Method, report: IngestReport, map: CoverageMap,
    scenes: CoverageScenes, openData: OpenDataConfiguration, baseMap: BaseMap?,
    now: @escaping () -> Int64
  ) {
    self.store = store
    self.tables = tables
    self.method = method
    self.report = report
    self.map = map
    self.openData = openData
    self.baseMap = baseMap
    self.now = now
    reports = ReportMaker(store, tables: tables, method: method)
    self.scenes = scenes
    histories = Histories(store, utcOffsetMinutes: method.utcOffsetMinutes)
  }

  var nowMs: Int64 { now() }

  /// `nil`: the path is none of ours.
  func answer(_ request: HTTPRequest) throws -> HTTPResponse? {
    guard let make = page(request.path) else { return nil }
    switch try Result(now: { try make(request) }) {
    case .success(let answer): return answer
    case .failure(let wait): return later(wait, request.language)
    }
  }

  private func later(_ wait: NotNow, _ language: Language) -> HTTPResponse {
    var answer = HTTPResponse.refusal(
      wait.status, language, wait.text.vi, wait.text.en,
      title: LocalText(vi: "Chưa xem được lúc này", en: "Not to be seen just now"))
    answer.ownHeaders.append(.init("Retry-After", "60"))
    return answer
  }

  private func page(_ path: String) -> ((HTTPRequest) throws -> HTTPResponse)? {
    switch path {
    case "/": { [self] in .html(try frontPage($0.language)) }
    case "/page.css": { _ in HTTPResponse(contentType: "text/css", body: PageStyle.text) }
    case "/map": { [self] in try mapPage($0) }
    case "/tiles": { [self] in try tileList($0) }
    case "/reports": { [self] in .html(try reportsPage($0.language)) }
    case "/data": { [self] in .html(dataPage($0.language)) }
    case "/catalog.jsonld": { [self] _ in catalogue() }
    case "/icon.svg": { _ in HTTPResponse(contentType: "image/svg+xml", body: PageStyle.icon) }
    case "/page.js": { _ in HTTPResponse(contentType: "text/javascript", body: PageScript.text) }
    default: deeperPage(path)
    }
  }

  private func deeperPage(_ path: String) -> ((HTTPRequest) throws -> HTTPResponse)? {
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else { return nil }
    switch parts[0] {
    case "indicators": return { [self] in try indicatorPage(parts[1], $0) }
    case "tiles": return { [self] in try tilePage(parts[1], $0) }
    case "reports": return { [self] in try reportFile(parts[1], $0) }
    case "data": return dataFile(parts[1])
    default: return nil
    }
  }

  func times(_ language: Language) -> DateText {
    DateText(language: language, utcOffsetMinutes: method.utcOffsetMinutes, nowMs: nowMs)
  }

  func indicatorsReport() throws -> IndicatorsReport {
    try IndicatorsReport(store, tables.indicators)
  }

  /// What a figure follows from, within its window; at most a minute old, for it takes a walk
  /// through the state.
  func evidence(_ row: IndicatorRow, of shown: ShownIndicator, isPast: Bool) throws -> Evidence {
    let minute = nowMs / 60_000
    let day = isPast ? day(ofMs: shown.computedAtMs) : today
    let windowDays = try shown.figure.details.value("window_days").map { Int($0) }
    let key = EvidenceKey(
      code: row.code, day: day, isPast: isPast, windowDays: windowDays ?? 0)
    if let known = evidences[key], known.minute == minute { return known.evidence }
    try store.expectWholeState(method)
    evidences = evidences.filter { $0.value.minute == minute }
    let reader = StateReader(store, method: method, tables: tables)
    let evidence =
      switch row.method {
      case .coverage, nil:
        try Evidence.coverage(
          store, method: method, today: day, isPast: isPast,
          windowDays: windowDays)
      case .broadband:
        try Evidence.broadband(
          reader, tables, today: day, isPast: isPast, windowDays: method.lineDays)
      case .services(let numerator, let denominator):
        try Evidence.services(
          reader, numerator: numerator, denominator: denominator, today: day, isPast: isPast)
      }
    evidences[key] = (minute, evidence)
    return evidence
  }

  /// What is known today of a past value's evidence; at most a minute old.
  ///
  /// - Throws: `NotNow`
  func pastEvidence(
    _ row: IndicatorRow, _ past: ShownIndicator, _ language: Language
  ) throws -> PastEvidence {
    let minute = nowMs / 60_000
    let day = day(ofMs: past.computedAtMs)
    let key = EvidenceKey(code: row.code, day: day)
    if let known = pasts[key], known.minute == minute {
      return try compared(past, with: known.result, language)
    }
    try expectRoomForPast()
    try store.expectWholeState(method)
    let engine = IndicatorEngine(store, tables: tables, method: method)
    let result = try engine.compute(row, today: day, isPast: true)
    pasts[key] = (minute, result)
    return try compared(past, with: result, language)
  }

  /// The report of a period as it would be now, at most a minute old; `nil`: it has not begun.
  ///
  /// - Throws: `NotNow`, `StateInProgress`
  func draft(_ period: ReportPeriod) throws -> ReportContent? {
    let minute = nowMs / 60_000
    if let known = drafts[period.text], known.minute == minute { return known.content }
    if period.lastDay < today { try expectRoomForPast() }
    guard let content = try reports.content(period, nowMs: nowMs) else { return nil }
    drafts[period.text] = (minute, content)
    return content
  }

  private func expectRoomForPast() throws(NotNow) {
    let minute = nowMs / 60_000
    pasts = pasts.filter { $0.value.minute == minute }
    drafts = drafts.filter { $0.value.minute == minute }
    let walks = pasts.count + drafts.values.count { $0.content.isComplete }
    guard walks < OwnersSite.pastPerMinute else { throw .busy }
  }

  var today: Int { day(ofMs: nowMs) }

  private func day(ofMs ms: Int64) -> Int {
    LocalDay.day(ofMs: ms, utcOffsetMinutes: method.utcOffsetMinutes)
  }

  func history(_ code: String) throws -> [HistoryPoint] { try histories.daily(code) }

  func parts(_ code: String) throws -> [PartHistory] { try histories.parts(code) }

  private func frontPage(_ language: Language) throws -> String {
    let key = FrontKey(
      revisions: try store.latestRevisions(tables.indicators.filled.map(\.code)),
      minute: nowMs / 60_000, isStateWhole: report.current.isStateWhole)
    if let made = front[language], made.key == key { return made.html }
    let html = try FrontPage(site: self, language: language).html()
    front[language] = (key, html)
    return html
  }
}

extension Language {
  /// What a link of a page in this language carries.
  var query: String { self == .en ? "?lang=en" : "" }
}
