import Daemon

/// An answer that is none, as JSON: what failed, and what would be right.
struct WebError {
  let status: Int
  /// For programs.
  let error: String
  /// For people.
  let message: String

  var response: HTTPResponse {
    var json = JSONWriter()
    json.object { json in
      json.member("error", error)
      json.member("message", message)
      json.member("status", status)
    }
    return .json(json.text, status: status)
  }
}
