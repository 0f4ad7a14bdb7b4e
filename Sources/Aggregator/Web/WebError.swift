import Daemon

/// An answer that is none, as a problem of RFC 9457: what failed, and what would be right. For
/// programs; people get `HTTPResponse.refusal`.
struct WebError {
  let status: Int
  /// For programs.
  let error: String
  /// For who writes the program: what was asked for, what is legal.
  let message: String
  /// What the server names beside it, such as `Allow`.
  var headers: [HTTPResponse.Header] = []

  var response: HTTPResponse {
    var json = JSONWriter()
    json.object { json in
      json.member("type", "about:blank")
      json.member("title", WebError.titles[status] ?? "Error")
      json.member("status", status)
      json.member("detail", message)
      json.member("error", error)
    }
    var response = HTTPResponse(
      status: status, contentType: "application/problem+json; charset=utf-8",
      body: json.text + "\n")
    response.ownHeaders = headers
    return response
  }

  /// "about:blank" says that the title is the status's own (RFC 9457, 4.2.1).
  private static let titles = [
    400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed",
    413: "Content Too Large", 503: "Service Unavailable",
  ]
}
