/// Why something cannot be made at this moment, though it will be.
enum NotNow: Error {
  /// Others have asked for so much of the past within this minute that this has to wait.
  case busy
  /// The state by day is being made again.
  case rebuilding

  /// `nil`: an error of another sort.
  init?(_ error: any Error) {
    switch error {
    case let same as NotNow: self = same
    case is StateInProgress: self = .rebuilding
    default: return nil
    }
  }

  var status: Int {
    switch self {
    case .busy: 429
    case .rebuilding: 503
    }
  }

  var text: LocalText {
    switch self {
    case .busy:
      LocalText(
        vi: "Nhiều ngày, kỳ cũ đang được tính lại cùng lúc; hãy tải lại trang sau một phút.",
        en: """
          Many past days and periods are being computed again at once; load the page again in a \
          minute.
          """)
    case .rebuilding:
      LocalText(
        vi: """
          Hệ thống đang tính lại từ dữ liệu gốc, nên phần này chưa có số liệu đầy đủ; hãy tải lại \
          trang sau ít phút.
          """,
        en: """
          Everything is being made again from the raw data, so the figures for this are not whole \
          yet; load the page again in some minutes.
          """)
    }
  }
}

extension Result where Failure == NotNow {
  /// What is made, or why that has to wait.
  init(now make: () throws -> Success) throws {
    do {
      self = .success(try make())
    } catch {
      guard let wait = NotNow(error) else { throw error }
      self = .failure(wait)
    }
  }
}
