import Daemon
import Glibc
import TestSupport

/// One who holds an agent's place at a broker and speaks MQTT 3.1.1 as fast as the socket takes it:
/// no window, no regard for PUBACKs. Used by one thread.
final class Attacker {
  private let descriptor: Int32
  private var waiting: ArraySlice<UInt8> = []
  /// Bytes that the broker has taken.
  private(set) var sentBytes = 0
  /// The broker has ended the connection.
  private(set) var isCutOff = false

  /// - Parameter login: user name and password.
  init(port: Int, name: String, login: (String, String)? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw TestFailure("connect to \(port): \(errno)") }
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    let texts = [name] + (login.map { [$0.0, $0.1] } ?? [])
    let flags: UInt8 = login == nil ? 0x02 : 0xc2
    let variable =
      [0, 4] + Array("MQTT".utf8) + [4, flags, 0, 0]
      + texts.flatMap { [0, UInt8($0.utf8.count)] + Array($0.utf8) }
    queue([0x10] + Self.length(variable.count) + variable)
    try waitUntil("\(name) has sent its CONNECT") { !push(for: 10) }
  }

  deinit { close(descriptor) }

  /// A PUBLISH with QoS 1; the ids need not differ.
  static func publish(_ topic: String, _ payload: [UInt8], id: UInt16 = 1) -> [UInt8] {
    let name = Array(topic.utf8)
    let head = [UInt8(name.count >> 8), UInt8(name.count & 0xff)] + name
    let mark = [UInt8(id >> 8), UInt8(id & 0xff)]
    return [0x32] + length(head.count + 2 + payload.count) + head + mark + payload
  }

  func queue(_ bytes: [UInt8]) { waiting += bytes }

  /// Sends what is queued, for so long at most.
  ///
  /// - Returns: whether something is left.
  @discardableResult
  func push(for ms: Int) -> Bool {
    let deadline = now() + Double(ms) / 1_000
    var answer = [UInt8](repeating: 0, count: 65_536)
    while !waiting.isEmpty, !isCutOff, now() < deadline {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN | POLLOUT), revents: 0)
      guard poll(&entry, 1, 5) > 0 else { continue }
      if entry.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
        let count = read(descriptor, &answer, answer.count)
        if count == 0 || (count < 0 && errno != EAGAIN) { isCutOff = true }
      }
      if entry.revents & Int16(POLLOUT) != 0 {
        let part = waiting.prefix(262_144)
        let count = part.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, 0x4000)
        }
        if count > 0 {
          sentBytes += count
          waiting = waiting.dropFirst(count)
        }
      }
    }
    return !waiting.isEmpty && !isCutOff
  }

  private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func length(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = count
    repeat {
      bytes.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
      rest >>= 7
    } while rest > 0
    return bytes
  }
}

/// `RssAnon` of a program, bytes; 0: it does not run.
func anonymousMemory(of program: Program?) throws -> Int64 {
  guard let program, program.isRunning else { return 0 }
  let status = try Files.text("/proc/\(program.pid)/status", bytesMax: 65_536)
  let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") } ?? ""
  return (line.split(separator: " ").dropFirst().first.flatMap { Int64($0) } ?? 0) * 1_024
}
