/// A request as the router sees it. Only GET and HEAD get here, and libmicrohttpd leaves the body
/// of an answer to HEAD out by itself.
package struct HTTPRequest: Equatable, Sendable {
  /// Decoded, without the query.
  package let path: String
  /// `?lang=en`; everything else is Vietnamese.
  package let language: Language

  package init(path: String, language: Language = .vi) {
    self.path = path
    self.language = language
  }
}

package struct HTTPResponse: Equatable, Sendable {
  package var status: Int
  package var contentType: String
  package var body: [UInt8]

  package init(status: Int = 200, contentType: String, body: String) {
    self.status = status
    self.contentType = contentType
    self.body = Array(body.utf8)
  }

  static func json(_ body: String, status: Int = 200) -> HTTPResponse {
    HTTPResponse(
      status: status, contentType: "application/json; charset=utf-8", body: body + "\n")
  }

  static func html(_ body: String) -> HTTPResponse {
    HTTPResponse(contentType: "text/html; charset=utf-8", body: body)
  }

  /// Sent with every answer. Nothing is loaded from elsewhere, nothing is inline, nobody frames us.
  static let headers = [
    (
      "Content-Security-Policy",
      """
      default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
      img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
      """
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "geolocation=(), camera=(), microphone=()"),
    // What is shown is of this moment.
    ("Cache-Control", "no-store"),
  ]
}
