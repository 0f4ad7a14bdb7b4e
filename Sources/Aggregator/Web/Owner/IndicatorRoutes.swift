import Daemon
import Indicators

/// `/indicators/<code>` and `?at=`.
extension OwnersSite {
  func indicatorPage(_ code: Substring, _ request: HTTPRequest) throws -> HTTPResponse {
    let language = request.language
    let filled = tables.indicators.filled
    guard let row = filled.first(where: { $0.code == code }) else {
      return unknownCode(code, language)
    }
    let report = try indicatorsReport().shown()
    guard let latest = report.first(where: { $0.code == row.code }) else {
      return .refusal(
        404, language, "Chỉ tiêu \(row.code) chưa được tính lần nào; hãy thử lại sau.",
        "Indicator \(row.code) has not been computed yet; try again later.")
    }
    if let word = request.value("history"), word != "all" {
      return .refusal(
        400, language, "history=\(word.prefix(60)) không dùng được; chỉ có history=all.",
        "history=\(word.prefix(60)) means nothing; there is history=all.")
    }
    var past: ShownIndicator?
    if let at = request.value("at") {
      guard let moment = PastMoment(at, utcOffsetMinutes: method.utcOffsetMinutes) else {
        return .refusal(
          400, language,
          "at=\(at.prefix(60)) không dùng được; hãy ghi số của bản, như 17, hoặc ngày, như "
            + "2026-11-23.",
          "at=\(at.prefix(60)) means nothing; give a revision's number, such as 17, or a day, "
            + "such as 2026-11-23.")
      }
      guard let json = try json(of: row.code, at: moment) else {
        return try missing(moment, row.code, language)
      }
      past = try ShownIndicator(json: json)
    }
    let page = IndicatorPage(
      site: self, row: row, language: language, latest: latest, past: past,
      isWholeHistory: request.value("history") == "all")
    return .html(try page.html())
  }

  private func unknownCode(_ code: Substring, _ language: Language) -> HTTPResponse {
    let codes = tables.indicators.filled.map(\.code).joined(separator: ", ")
    if let row = tables.indicators.rows.first(where: { $0.code == code }) {
      let owners = row.owners.joined(separator: ", ")
      return .refusal(
        404, language,
        """
        Hệ thống này không tự điền chỉ tiêu \(row.code), \(row.name.vi) (mục tiêu \
        \(row.targetText), theo dõi: \(owners)). Các chỉ tiêu được tự điền: \(codes).
        """,
        """
        This system does not fill indicator \(row.code), \(row.name.en) (target \
        \(row.targetText), owner: \(owners)). It fills \(codes).
        """)
    }
    return .refusal(
      404, language, "Không có chỉ tiêu \(code.prefix(60)). Các chỉ tiêu được tự điền: \(codes).",
      "There is no indicator \(code.prefix(60)). It fills \(codes).")
  }

  private func json(of code: String, at moment: PastMoment) throws -> String? {
    switch moment {
    case .revision(let number): try store.revision(code, number: number)
    case .day(let day): try lastRevision(of: code, on: day)
    }
  }

  /// `nil`: there was none yet, or it is no longer known which one it was.
  private func lastRevision(of code: String, on day: Int) throws -> String? {
    let around = try revisions(of: code, around: day)
    guard let before = around.before, !isThinned(around, day) else { return nil }
    return try store.revision(code, number: before.revision)
  }

  private typealias Around = (before: HistoryPoint?, next: HistoryPoint?)

  /// The last one that is kept from before a day's end, and the one that is kept after it.
  private func revisions(of code: String, around day: Int) throws -> Around {
    let points = try store.points(code, after: 0)
    let later = points.lastIndex { $0.timeMs < endMs(ofDay: day) }.map { $0 + 1 } ?? 0
    return (points[..<later].last, points[later...].first)
  }

  private func isThinned(_ around: Around, _ day: Int) -> Bool {
    guard let next = around.next else { return false }
    return RevisionThinning.mayHaveThinned(
      between: around.before.map(\.entry), and: next.entry, until: endMs(ofDay: day),
      nowMs: nowMs, utcOffsetMinutes: method.utcOffsetMinutes)
  }

  private func endMs(ofDay day: Int) -> Int64 {
    LocalDay.startMs(ofDay: day + 1, utcOffsetMinutes: method.utcOffsetMinutes)
  }

  /// Says what there is instead.
  private func missing(
    _ moment: PastMoment, _ code: String, _ language: Language
  ) throws -> HTTPResponse {
    let points = try store.points(code, after: 0)
    let times = times(language)
    guard let first = points.first, let last = points.last else {
      return .refusal(404, language, "Chưa có bản nào.", "There is no revision yet.")
    }
    switch moment {
    case .day(let day):
      let around = try revisions(of: code, around: day)
      if isThinned(around, day) { return thinned(around, day, code, language) }
      let start = times.moment(first.timeMs)
      return .refusal(
        404, language, "Bản đầu tiên của chỉ tiêu \(code) có từ \(start).",
        "The first revision of indicator \(code) is of \(start).")
    case .revision(let number):
      let nearest = points.min {
        ($0.revision - number).magnitude < ($1.revision - number).magnitude
      }
      return .refusal(
        404, language,
        """
        Không còn bản \(number); có các bản từ \(first.revision) đến \(last.revision), bản cũ đã \
        được lược bớt theo thời gian. Bản gần nhất: \(nearest?.revision ?? last.revision).
        """,
        """
        Revision \(number) is not kept; there are revisions from \(first.revision) to \
        \(last.revision), thinned out with age. The nearest is \
        \(nearest?.revision ?? last.revision).
        """)
    }
  }

  private func thinned(
    _ around: Around, _ day: Int, _ code: String, _ language: Language
  ) -> HTTPResponse {
    let nearest = { (language: Language) in
      let times = self.times(language)
      return [around.before, around.next].compactMap { $0 }.map { point in
        let moment = times.moment(point.timeMs)
        return language.pick(
          "bản \(point.revision) (\(moment))", "revision \(point.revision) (\(moment))")
      }.joined(separator: language.pick(" và ", " and "))
    }
    return .refusal(
      404, language,
      """
      Giá trị ngày \(times(.vi).day(day)) của chỉ tiêu \(code) không còn được giữ: sau 90 ngày chỉ \
      giữ bản cuối mỗi tháng. Gần nhất: \(nearest(.vi)).
      """,
      """
      The value of \(times(.en).day(day)) of indicator \(code) is not kept: after 90 days only the \
      last of each month is. Nearest: \(nearest(.en)).
      """)
  }
}

extension HistoryPoint {
  fileprivate var entry: RevisionThinning.Entry {
    .init(revision: revision, computedAtMs: timeMs, cause: cause)
  }
}

/// What `?at=` names.
enum PastMoment: Equatable {
  case revision(Int64)
  /// Local, since 1970: the last value of that day.
  case day(Int)

  /// `17`, `2026-11-23` or `23/11/2026`.
  init?(_ text: String, utcOffsetMinutes: Int) {
    if let number = Int64(text) {
      guard number > 0 else { return nil }
      self = .revision(number)
      return
    }
    let iso = text.split(separator: "-", omittingEmptySubsequences: false)
    let local = text.split(separator: "/", omittingEmptySubsequences: false)
    let parts = (iso.count == 3 ? iso : local.count == 3 ? local.reversed() : []).map { Int($0) }
    guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2],
      (1970...9999).contains(year), CivilDate(year: year, month: month, day: day) != nil
    else { return nil }
    self = .day(LocalDay.day(year: year, month: month, day: day))
  }
}
