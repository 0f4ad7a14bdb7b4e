import Glibc
import TestSupport

/// What systemd would hear of a daemon: a socket for its `$NOTIFY_SOCKET`.
final class NotifySocket {
  let path: String
  private let descriptor: Int32
  /// Every word so far, in order; a datagram may hold several lines.
  private(set) var words: [String] = []

  init(in folder: TemporaryFolder) throws {
    path = folder.file("notify")
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let length = socklen_t(2 + path.utf8.count + 1)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard bound == 0 else { throw TestFailure("bind \(path): \(errno)") }
  }

  deinit { close(descriptor) }

  /// Takes what has come.
  func listen() {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      guard count > 0 else { return }
      let text = String(decoding: buffer.prefix(count), as: UTF8.self)
      words += text.split(separator: "\n").map(String.init)
    }
  }

  func count(_ word: String) -> Int {
    listen()
    return words.count { $0.hasPrefix(word) }
  }

  func wait(for word: String, count: Int = 1) throws {
    try waitUntil("\(count) × \(word)", within: .seconds(60)) { self.count(word) >= count }
  }
}
