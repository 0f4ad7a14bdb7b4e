import CMicrohttpd
import Daemon
import Packing

/// An answer in libmicrohttpd's form, to be queued as often as it is asked for: plain, packed, or
/// without its body as "not modified". Digest, packing and copies are paid once. Owned by the
/// server's thread.
@safe
final class PreparedAnswer {
  let response: HTTPResponse
  /// Strong: the content's digest. The packed form has another, for its bytes are others (RFC 9110,
  /// 8.8.3). `nil`: what is not kept has none.
  let tag: String?
  /// Each is ours until `deinit`; libmicrohttpd counts those that it still sends.
  private let plain: OpaquePointer
  /// `nil`: it would not be smaller.
  private let packed: OpaquePointer?

  /// What is smaller does not get there sooner by packing.
  private static let packedBytesMin = 1_024

  init?(_ response: HTTPResponse) {
    self.response = response
    let isTagged = response.status == 200 && response.isKept
    let bytes =
      response.body.count >= PreparedAnswer.packedBytesMin
      ? Deflate.pack(response.body, as: .gzip) : nil
    // Equal when packed, equal at all: and the digest of a map takes a fifteenth of the time.
    let tag = isTagged ? String(SHA256.hex(bytes ?? response.body).prefix(32)) : nil
    self.tag = tag
    guard
      let made = unsafe PreparedAnswer.make(
        response, body: response.body, PreparedAnswer.more(tag, isPacked: false))
    else { return nil }
    unsafe plain = made
    unsafe packed = bytes.flatMap {
      unsafe PreparedAnswer.make(response, body: $0, PreparedAnswer.more(tag, isPacked: true))
    }
  }

  deinit {
    unsafe MHD_destroy_response(plain)
    if let packed = unsafe packed { unsafe MHD_destroy_response(packed) }
  }

  /// - Parameter known: the request's `If-None-Match`.
  func queue(on connection: OpaquePointer, acceptsGzip: Bool, known: String?) -> MHD_Result {
    let form = unsafe acceptsGzip ? packed : nil
    // libmicrohttpd leaves the body of a 304 out, and its length stays that of the content.
    let isKnown = tag.map { PreparedAnswer.matches(known ?? "", $0) } ?? false
    return unsafe MHD_queue_response(
      connection, isKnown ? 304 : UInt32(response.status), form ?? plain)
  }

  private static func more(_ tag: String?, isPacked: Bool) -> [HTTPResponse.Header] {
    var headers: [HTTPResponse.Header] = []
    if let tag { headers.append(.init("ETag", "\"\(tag)\(isPacked ? "-gzip" : "")\"")) }
    if isPacked { headers.append(.init("Content-Encoding", "gzip")) }
    return headers
  }

  /// Weak comparison, as `If-None-Match` wants it; either form of the content will do.
  private static func matches(_ known: String, _ tag: String) -> Bool {
    known.split(separator: ",").contains { part in
      let word = part.trimmed
      let opaque = word.hasPrefix("W/") ? word.dropFirst(2) : word
      return word == "*" || opaque == "\"\(tag)\"" || opaque == "\"\(tag)-gzip\""
    }
  }

  private static func make(
    _ response: HTTPResponse, body: [UInt8], _ more: [HTTPResponse.Header]
  ) -> OpaquePointer? {
    let made = unsafe body.withUnsafeBytes { bytes in
      // libmicrohttpd copies the bytes; a null pointer is legal only with none.
      unsafe MHD_create_response_from_buffer(
        bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let made = unsafe made else { return nil }
    unsafe MHD_add_response_header(made, "Content-Type", response.contentType)
    unsafe MHD_add_response_header(made, "Vary", "Accept-Encoding")
    for header in HTTPResponse.headers(images: response.imageSource)
      + response.ownHeaders + more
    {
      unsafe MHD_add_response_header(made, header.name, header.value)
    }
    return unsafe made
  }
}

extension Substring {
  /// Without blanks at its ends.
  var trimmed: Substring {
    var text = drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}

/// The answers given last, by address. What was asked for a moment ago is not made again, and what
/// is made again and turns out the same keeps its digest and its packed form.
struct AnswerCache {
  private var entries: [String: Entry] = [:]

  private struct Entry {
    var answer: PreparedAnswer
    var madeAt: Duration
  }

  /// How old an answer may be.
  static let freshFor: Duration = .milliseconds(200)
  /// Addresses; somebody who makes them up must not fill the memory.
  private static let entriesMax = 64

  mutating func answer(
    _ request: HTTPRequest, now: Duration, _ make: (HTTPRequest) -> HTTPResponse
  ) -> PreparedAnswer? {
    let key = AnswerCache.key(request)
    let known = entries[key]
    if let known, now - known.madeAt < AnswerCache.freshFor { return known.answer }
    let response = make(request)
    guard response.isKept, response.status == 200 else { return PreparedAnswer(response) }
    if let known, known.answer.response == response {
      entries[key]?.madeAt = now
      return known.answer
    }
    guard let answer = PreparedAnswer(response) else { return nil }
    entries[key] = Entry(answer: answer, madeAt: now)
    if entries.count > AnswerCache.entriesMax,
      let oldest = entries.min(by: { $0.value.madeAt < $1.value.madeAt })
    {
      entries[oldest.key] = nil
    }
    return answer
  }

  private static func key(_ request: HTTPRequest) -> String {
    var key = request.path
    for item in request.query { key += "\u{0}\(item.name)\u{1}\(item.value)" }
    return key
  }
}
