import Daemon

extension HTTPResponse {
  /// A page that says why there is no other, and what there is: what people get where programs get
  /// a `WebError`.
  ///
  /// - Parameters:
  ///   - title: `nil`: that of the status.
  ///   - path: of the page that leads further.
  static func refusal(
    _ status: Int, _ language: Language, _ vi: String, _ en: String, title: LocalText? = nil,
    path: String = "/"
  ) -> HTTPResponse {
    let page = HTML.page(
      language, title: language.of(title ?? ownTitle(status)), path: path, live: nil
    ) { html in
      html.element("p", "reason", language.pick(vi, en))
      html.element("p") {
        $0.link(
          path + language.query,
          path == "/"
            ? language.pick("Về trang đầu", "To start") : language.pick("Quay lại", "Back"))
      }
    }
    return .html(page, status: status)
  }

  private static func ownTitle(_ status: Int) -> LocalText {
    switch status {
    case 401: LocalText(vi: "Cần mã truy cập", en: "An access token is needed")
    case 503: LocalText(vi: "Chưa trả lời được", en: "No answer now")
    default: LocalText(vi: "Không có trang này", en: "There is no such page")
    }
  }

  /// `nil`: the request's language is one of ours, or none is named.
  static func refusalOfLanguage(_ request: HTTPRequest) -> HTTPResponse? {
    guard let word = request.unknownLanguage else { return nil }
    return .refusal(
      400, .vi, "Ngôn ngữ “\(word.prefix(60))” không có; có vi và en.",
      "There is no language “\(word.prefix(60))”; there are vi and en.")
  }
}

extension HTTPRequest {
  /// For programs, beside `/api/`.
  static let programPaths = ["/events", "/metrics", "/healthz", "/readyz"]

  /// Whether people read what stands there; the rest is for programs.
  var isForPeople: Bool {
    !path.hasPrefix("/api/") && !HTTPRequest.programPaths.contains(path)
  }

  /// What `lang` says where we do not speak it.
  var unknownLanguage: String? {
    value("lang").flatMap { Language(rawValue: $0) == nil ? $0 : nil }
  }
}
