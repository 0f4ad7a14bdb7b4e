import Daemon

/// Writes a page. Every text goes through `escape`; only tags of our own do not.
struct HTML {
  private(set) var text = ""

  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Markup of our own.
  mutating func raw(_ markup: StaticString) { text += "\(markup)" }

  mutating func string(_ value: String) { text += HTML.escape(value) }

  /// One element around a text.
  mutating func element(_ tag: StaticString, _ style: String? = nil, _ value: String) {
    element(tag, style) { $0.string(value) }
  }

  /// One element around others.
  mutating func element(
    _ tag: StaticString, _ style: String? = nil, _ attributes: [(StaticString, String)] = [],
    _ body: (inout HTML) -> Void
  ) {
    open(tag, style, attributes)
    body(&self)
    text += "</\(tag)>"
  }

  /// An element without content.
  mutating func open(
    _ tag: StaticString, _ style: String? = nil, _ attributes: [(StaticString, String)] = []
  ) {
    text += "<\(tag)"
    if let style { text += " class=\"\(HTML.escape(style))\"" }
    for (name, value) in attributes { text += " \(name)=\"\(HTML.escape(value))\"" }
    text += ">"
  }

  /// A row of a list of terms.
  mutating func term(_ name: String, _ value: String) {
    element("dt", nil, name)
    element("dd", nil, value)
  }

  /// Of texts; where there is no room for columns, each row stands as a list of its own.
  mutating func table(head: [String], _ rows: [[String]]) {
    element("table", "stacking texts") { html in
      html.element("thead") { html in
        html.element("tr") { html in
          for name in head { html.element("th", nil, [("scope", "col")]) { $0.string(name) } }
        }
      }
      html.element("tbody") { html in
        for cells in rows {
          html.element("tr") { html in
            for (text, name) in zip(cells, head) {
              html.element("td", nil, [("data-label", name)]) { $0.string(text) }
            }
          }
        }
      }
    }
  }
}

/// What all pages have around them.
extension HTML {
  static func page(
    _ language: Language, title: String, path: String, style: String? = nil,
    body: (inout HTML) -> Void
  ) -> String {
    document(
      language, title: title,
      head: { html in
        // The script brings the page up to date every two seconds; without it, this does.
        html.raw("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>")
        html.raw("<link rel=\"stylesheet\" href=\"/style.css\">")
        if let style { html.open("link", nil, [("rel", "stylesheet"), ("href", style)]) }
        html.raw("<script src=\"/refresh.js\" defer></script>")
      },
      body: { html in
        html.element("header") { html in
          html.element("h1", nil, title)
          html.navigation(language, path)
        }
        html.stale(language)
        html.element("main", nil, [], body)
      })
  }

  /// Any page: what its head and its body have of their own.
  static func document(
    _ language: Language, title: String, head: (inout HTML) -> Void, body: (inout HTML) -> Void
  ) -> String {
    var html = HTML()
    html.raw("<!doctype html>")
    html.element("html", nil, [("lang", language.rawValue)]) { html in
      html.element("head") { html in
        html.raw("<meta charset=\"utf-8\">")
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        html.element("title", nil, title)
        head(&html)
      }
      html.element("body", nil, [], body)
    }
    return html.text
  }

  /// Shown by the script when the server is lost.
  mutating func stale(_ language: Language) {
    element("p", "stale", [("hidden", "hidden"), ("id", "stale"), ("role", "alert")]) {
      $0.string(
        language.pick(
          "Mất kết nối với máy chủ; số liệu dưới đây có thể đã cũ.",
          "The server does not answer; what is shown below may be old."))
    }
  }

  private mutating func navigation(_ language: Language, _ path: String) {
    let query = language == .en ? "?lang=en" : ""
    element("nav") { html in
      html.link("/" + query, language.pick("Chỉ tiêu", "Indicators"))
      html.link("/operations" + query, language.pick("Vận hành", "Operations"))
      html.link(language == .en ? path : path + "?lang=en", language.pick("English", "Tiếng Việt"))
    }
  }

  mutating func link(_ target: String, _ text: String) {
    element("a", nil, [("href", target)]) { $0.string(text) }
  }
}
