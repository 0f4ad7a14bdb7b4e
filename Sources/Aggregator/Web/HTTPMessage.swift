/// A request as the router sees it. Only GET and HEAD get here, and libmicrohttpd leaves the body
/// of an answer to HEAD out by itself.
package struct HTTPRequest: Equatable, Sendable {
  /// Decoded, without the query.
  package let path: String
  /// `?lang=en`; everything else is Vietnamese.
  package let language: Language
  /// Decoded, in the order of the address.
  package let query: [QueryItem]

  package struct QueryItem: Equatable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(path: String, language: Language = .vi, query: [QueryItem] = []) {
    self.path = path
    self.language = language
    self.query = query
  }

  /// The language is what the query says.
  package init(path: String, query: [QueryItem]) {
    let word = query.first { $0.name == "lang" }?.value
    self.init(path: path, language: word == Language.en.rawValue ? .en : .vi, query: query)
  }

  /// The first value under a name.
  package func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
}

package struct HTTPResponse: Equatable, Sendable {
  package var status: Int
  package var contentType: String
  package var body: [UInt8]
  /// Of this answer alone, beside `headers`.
  package var ownHeaders: [Header] = []
  /// Another server whose pictures this page may show: `https://host`.
  package var imageSource: String?
  /// What comes within `AnswerCache.freshFor` may get the same answer.
  package var isKept = true

  package struct Header: Equatable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(status: Int = 200, contentType: String, body: String) {
    self.status = status
    self.contentType = contentType
    self.body = Array(body.utf8)
  }

  static func json(_ body: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(
      status: status, contentType: "application/json; charset=utf-8", body: body + "\n")
  }

  static func html(_ body: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, contentType: "text/html; charset=utf-8", body: body)
  }

  /// Sent with every answer. Nothing is loaded from elsewhere but pictures that the configuration
  /// names, nothing is inline, nobody frames us.
  ///
  /// - Parameter images: another server whose pictures may be shown.
  static func headers(images: String? = nil) -> [Header] {
    [
      Header(
        "Content-Security-Policy",
        """
        default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
        img-src 'self'\(images.map { " \($0)" } ?? ""); base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'
        """),
      Header("X-Content-Type-Options", "nosniff"),
      Header("X-Frame-Options", "DENY"),
      Header("Referrer-Policy", "no-referrer"),
      Header("Cross-Origin-Opener-Policy", "same-origin"),
      Header("Permissions-Policy", "geolocation=(), camera=(), microphone=()"),
      // What is shown is of this moment: ask each time, and hear 304 where nothing has changed.
      Header("Cache-Control", "no-cache"),
    ]
  }

  /// Open data may be read by pages of other sites, everything else only by ours.
  static let openHeaders = [
    Header("Access-Control-Allow-Origin", "*"),
    Header("Cross-Origin-Resource-Policy", "cross-origin"),
  ]
  static let closedHeaders = [Header("Cross-Origin-Resource-Policy", "same-origin")]
}
