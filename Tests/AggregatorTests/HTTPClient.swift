import Glibc

/// One request over a real socket, read to the end of the connection.
struct HTTPAnswer {
  let status: Int
  /// Names in lower case.
  let headers: [String: String]
  let bytes: [UInt8]
  var body: String { String(decoding: bytes, as: UTF8.self) }

  /// - Parameter text: the request's head, without its end.
  init?(port: Int, head: String) {
    guard let client = HTTPClient(port: port),
      client.send(head + "\r\nHost: t\r\nConnection: close\r\n\r\n")
    else { return nil }
    client.read { _ in false }
    self.init(client.received)
  }

  /// - Parameter client: that has read to the end of its connection.
  init?(_ client: HTTPClient) { self.init(client.received) }

  private init?(_ bytes: [UInt8]) {
    let end = Array("\r\n\r\n".utf8)
    guard
      let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) })
    else { return nil }
    let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n")
    guard let code = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    status = code
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    self.headers = headers
    self.bytes = Array(bytes[(split + end.count)...])
  }

  static func get(_ path: String, port: Int, _ headers: String...) -> HTTPAnswer? {
    HTTPAnswer(port: port, head: (["GET \(path) HTTP/1.1"] + headers).joined(separator: "\r\n"))
  }
}

/// A connection that says and reads what the test wants.
final class HTTPClient {
  let descriptor: Int32
  private(set) var received: [UInt8] = []

  init?(port: Int) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    // Nothing waits for ever: a test that waits in vain has failed.
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    if !isConnected { return nil }
  }

  deinit { close(descriptor) }

  /// - Returns: whether all of it went out.
  @discardableResult
  func send(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Until what came is enough, or the other side has closed.
  ///
  /// - Returns: whether it was enough.
  @discardableResult
  func read(until isEnough: (String) -> Bool) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while !isEnough(text) {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { return false }
      received += chunk[..<count]
    }
    return true
  }

  var text: String { String(decoding: received, as: UTF8.self) }

  /// Whether the other side has closed; does not wait.
  var isClosed: Bool {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return count == 0 || (count < 0 && errno != EAGAIN)
  }
}
