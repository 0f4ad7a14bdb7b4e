import Daemon

/// What the owners' pages have around them.
extension HTML {
  /// - Parameter refreshMs: how often the script brings its main part up to date; without a script
  ///   a reload does. `nil`: what it shows does not change.
  static func ownersPage(
    _ language: Language, title: String, path: String, refreshMs: Int? = 2_000,
    body: (inout HTML) -> Void
  ) -> String {
    document(
      language, title: title,
      head: { html in
        html.raw("<meta name=\"color-scheme\" content=\"light dark\">")
        if refreshMs != nil {
          html.raw("<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>")
        }
        html.raw("<link rel=\"stylesheet\" href=\"/owner.css\">")
        html.raw("<link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">")
        html.raw("<script src=\"/owner.js\" defer></script>")
      },
      body: { html in
        html.open("a", "skip", [("href", "#main")])
        html.string(language.pick("Đến nội dung chính", "Skip to content"))
        html.raw("</a>")
        html.element("header") { html in
          html.element("h1", nil, title)
          html.ownersNavigation(language, path)
        }
        html.stale(language)
        html.element("p", "unseen", [("id", "news"), ("role", "status")]) { _ in }
        var attributes: [(StaticString, String)] = [("id", "main"), ("tabindex", "-1")]
        if let refreshMs { attributes.append(("data-live", "\(refreshMs)")) }
        html.element("main", nil, attributes, body)
      })
  }

  private mutating func ownersNavigation(_ language: Language, _ path: String) {
    let entries = [
      ("/", language.pick("Chỉ tiêu", "Indicators")), ("/map", language.pick("Bản đồ", "Map")),
      ("/reports", language.pick("Báo cáo", "Reports")),
      ("/data", language.pick("Dữ liệu mở", "Open data")),
      ("/operations", language.pick("Vận hành", "Operations")),
    ]
    element("nav", nil, [("aria-label", language.pick("Các trang", "Pages"))]) { html in
      for (target, text) in entries {
        var attributes: [(StaticString, String)] = [("href", target + language.query)]
        if target == path { attributes.append(("aria-current", "page")) }
        html.element("a", nil, attributes) { $0.string(text) }
      }
      let other: Language = language == .en ? .vi : .en
      html.element(
        "a", nil,
        [
          ("href", path + other.query), ("lang", other.rawValue), ("hreflang", other.rawValue),
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
    element("div", "wide", [("role", "region"), ("aria-label", name), ("tabindex", "0")]) { html in
      html.element("table") { html in
        html.element("caption", "unseen", name)
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
