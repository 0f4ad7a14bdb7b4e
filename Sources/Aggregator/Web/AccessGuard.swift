import Daemon
import Enrolment

/// Who may read at all, where the configuration names a token.
package struct AccessGuard: Sendable {
  /// `nil`: whoever reaches us.
  private let token: [UInt8]?

  package init(token: String?) { self.token = token.map { Array($0.utf8) } }

  /// Whether the process lives says nothing of anybody: load balancers ask it without a token.
  private static let openPaths = ["/healthz"]

  /// - Parameter authorization: the header's value. `Bearer <token>` for programs; browsers ask
  ///   for a name and a password, and the token is the password to any name.
  package func admits(path: String, authorization: String?) -> Bool {
    guard let token, !AccessGuard.openPaths.contains(path) else { return true }
    guard let authorization, let blank = authorization.firstIndex(of: " ") else { return false }
    let scheme = authorization[..<blank].lowercased()
    let word = String(authorization[blank...].trimmed)
    switch scheme {
    case "bearer": return AccessGuard.isSame(Array(word.utf8), token)
    case "basic":
      guard let pair = Base64.decode(word), let colon = pair.firstIndex(of: UInt8(ascii: ":"))
      else { return false }
      return AccessGuard.isSame(Array(pair[(colon + 1)...]), token)
    default: return false
    }
  }

  /// Browsers show it to whoever gives up logging in.
  static func refusal(of request: HTTPRequest) -> HTTPResponse {
    var response =
      request.isForPeople
      ? HTTPResponse.refusal(
        401, request.language,
        "Máy chủ này cần mã truy cập (http.token_file): đăng nhập bằng tên bất kỳ, mật khẩu là "
          + "mã đó.",
        "This server wants its access token (http.token_file): log in with any name and the token "
          + "as the password.")
      : tokenNeeded.response
    response.ownHeaders = [
      HTTPResponse.Header("WWW-Authenticate", "Basic realm=\"hatang\", charset=\"UTF-8\"")
    ]
    return response
  }

  private static let tokenNeeded = WebError(
    status: 401, error: "token_needed",
    message: """
      this server wants its access token (http.token_file): send Authorization: Bearer <token>, \
      or log in with any name and the token as the password
      """)

  /// Takes as long for a wrong token as for the right one.
  private static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    let (a, b) = (SHA256.hex(a).utf8, SHA256.hex(b).utf8)
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
