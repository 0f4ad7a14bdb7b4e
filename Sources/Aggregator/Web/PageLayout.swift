import Daemon

/// What all pages have around them.
extension HTML {
  /// How a page keeps up with the server; without a script a reload does.
  enum Live {
    /// The server tells of each new value; besides, its ages are brought up to date.
    case told
    case every(milliseconds: Int)

    fileprivate var attributes: [(StaticString, String)] {
      switch self {
      case .told: [("data-live", "2000"), ("data-told", "")]
      case .every(let milliseconds): [("data-live", "\(milliseconds)")]
      }
    }
  }

  /// - Parameters:
  ///   - live: `nil`: what it shows does not change.
  ///   - isOperators: with the operators' style sheet.
  ///   - address: of the same page in a language; `nil`: its path is all that it needs.
  static func page(
    _ language: Language, title: String, path: String, live: Live? = .told,
    isOperators: Bool = false, address: ((Language) -> String)? = nil,
    body: (inout HTML) -> Void
  ) -> String {
    document(
      language, title: title,
      head: { html in
        html.raw("<meta name=\"color-scheme\" content=\"light dark\">")
        if live != nil {
          html.raw("<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>")
        }
        html.raw("<link rel=\"stylesheet\" href=\"/page.css\">")
        if isOperators { html.raw("<link rel=\"stylesheet\" href=\"/operations.css\">") }
        html.raw("<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">")
        html.raw("<script src=\"/page.js\" defer></script>")
      },
      body: { html in
        html.open("a", "skip", [("href", "#main")])
        html.string(language.pick("Đến nội dung chính", "Skip to content"))
        html.raw("</a>")
        html.element("header") { html in
          html.element("h1", nil, title)
          html.navigation(language, path, address)
        }
        html.stale(language)
        html.element("p", "unseen", [("id", "news"), ("role", "status")]) { _ in }
        html.element(
          "main", nil, [("id", "main"), ("tabindex", "-1")] + (live?.attributes ?? []), body)
      })
  }

  private mutating func navigation(
    _ language: Language, _ path: String, _ address: ((Language) -> String)?
  ) {
    let entries = [
      ("/", language.pick("Chỉ tiêu", "Indicators")), ("/map", language.pick("Bản đồ", "Map")),
      ("/reports", language.pick("Báo cáo", "Reports")),
      ("/data", language.pick("Dữ liệu mở", "Open data")),
      ("/operations", language.pick("Vận hành", "Operations")),
    ]
    element("nav", nil, [("aria-label", language.pick("Các trang", "Pages"))]) { html in
      for (target, text) in entries {
        var attributes: [(StaticString, String)] = [("href", target + language.query)]
        if target == path {
          attributes.append(("aria-current", "page"))
        } else if target != "/", path.hasPrefix(target + "/") {
          // One of its deeper pages: the link leads back up.
          attributes.append(("aria-current", "true"))
        }
        html.element("a", nil, attributes) { $0.string(text) }
      }
      let other: Language = language == .en ? .vi : .en
      html.element(
        "a", nil,
        [
          ("href", address?(other) ?? path + other.query), ("lang", other.rawValue),
          ("hreflang", other.rawValue),
        ]
      ) { $0.string(other == .en ? "English" : "Tiếng Việt") }
    }
  }

  /// Cannot be overlooked, and goes on every printed page.
  mutating func simulatedBanner(_ language: Language) {
    element("p", "simulated", [("role", "alert")]) {
      $0.element("strong", nil, language.pick("SỐ LIỆU MÔ PHỎNG", "SIMULATED DATA"))
      $0.string(
        language.pick(
          " – do chương trình mô phỏng tạo ra, không phải kết quả đo. Không dùng để báo cáo.",
          " – made by a simulator, not measured. Not for reports."))
    }
  }

  /// A table that scrolls by itself on a narrow screen, also by keyboard.
  mutating func wideTable(_ name: String, head: [String], _ rows: [[Cell]]) {
    wideTable(name) { html in
      html.element("thead") { html in
        html.element("tr") { html in
          for cell in head {
            html.element("th", nil, [("scope", "col")]) { $0.string(cell) }
          }
        }
      }
      html.element("tbody") { html in
        for cells in rows {
          html.element("tr") { html in
            for cell in cells { html.element("td") { cell.write(to: &$0) } }
          }
        }
      }
    }
  }

  /// The same around a head and a body.
  mutating func wideTable(
    _ name: String, _ style: String? = nil, _ body: (inout HTML) -> Void
  ) {
    element("div", "wide", [("role", "region"), ("aria-label", name), ("tabindex", "0")]) { html in
      html.element("table", style) { html in
        html.element("caption", "unseen", name)
        body(&html)
      }
    }
  }

  /// One cell of a table: a text, or one that leads somewhere.
  struct Cell: ExpressibleByStringInterpolation {
    let text: String
    let target: String?

    init(stringLiteral text: String) { self.init(text) }

    init(_ text: String, target: String? = nil) {
      self.text = text
      self.target = target
    }

    func write(to html: inout HTML) {
      if let target { html.link(target, text) } else { html.string(text) }
    }
  }
}
