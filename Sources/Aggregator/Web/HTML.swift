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
  mutating func table(_ name: String, head: [String], _ rows: [[String]]) {
    wideTable(name, "stacking texts") { html in
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

  mutating func link(_ target: String, _ text: String) {
    element("a", nil, [("href", target)]) { $0.string(text) }
  }
}
