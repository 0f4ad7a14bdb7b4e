import Daemon
import Glibc

/// A port of 127.0.0.1 behind which no broker is: it swallows, hangs up, or is full.
public final class Listener {
  public let port: Int
  private let descriptor: Int32
  /// Connections that fill a full port's queue.
  private var fillers: [Int32] = []

  public enum Manner {
    /// Takes connections and bytes, and never says a word.
    case swallows
    /// Says yes to one client's CONNECT (MQTT 5), and hangs up at what comes next.
    case hangsUp
    /// Its queue is full: the kernel drops whoever knocks, as a firewall does.
    case isFull
  }

  public init(_ manner: Manner) throws {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    descriptor = made
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let queue: Int32 = if case .isFull = manner { 0 } else { 16 }
    let bound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(made, $0, length) == 0 && listen(made, queue) == 0
          && getsockname(made, $0, &length) == 0
      }
    }
    guard bound else { throw TestFailure("a listener: \(String(cString: strerror(errno)))") }
    port = Int(UInt16(bigEndian: address.sin_port))
    switch manner {
    case .swallows: break
    case .isFull: for _ in 0..<3 { fillers.append(Self.knock(address)) }
    case .hangsUp: _ = try Thread(name: "listener") { Self.serve(made) }
    }
  }

  deinit {
    for filler in fillers { close(filler) }
    // Wakes the thread that may be in accept.
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }

  private static func knock(_ address: sockaddr_in) -> Int32 {
    let flags = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_INET, flags, 0)
    var address = address
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return descriptor
  }

  private static func serve(_ descriptor: Int32) {
    var bytes = [UInt8](repeating: 0, count: 1_024)
    // A check of the port alone sends nothing and goes.
    while true {
      let client = accept(descriptor, nil, nil)
      guard client >= 0 else { return }
      defer { close(client) }
      guard recv(client, &bytes, bytes.count, 0) > 0 else { continue }
      // CONNACK: no session, success, no properties.
      let yes: [UInt8] = [0x20, 3, 0, 0, 0]
      _ = send(client, yes, yes.count, Int32(MSG_NOSIGNAL))
      _ = recv(client, &bytes, bytes.count, 0)
    }
  }
}
