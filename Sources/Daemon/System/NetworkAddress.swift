import Glibc

/// One address of a host and a port.
public struct NetworkAddress: Equatable, Sendable {
  /// In numbers, without the port.
  public let text: String
  private let family: Int32
  private let bytes: [UInt8]

  /// All that the host's name stands for, in the resolver's order. Blocks for the name server.
  public static func resolve(host: String, port: Int) throws(FileError) -> [NetworkAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else {
      let cause = code == EAI_SYSTEM ? FileError.text(of: errno) : words(code)
      throw FileError("find the host \(host):", cause, code: 0)
    }
    defer { unsafe freeaddrinfo(list) }
    var found: [NetworkAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe NetworkAddress(entry.pointee) { found.append(address) }
      unsafe next = entry.pointee.ai_next
    }
    return found
  }

  private init?(_ entry: addrinfo) {
    guard let address = unsafe entry.ai_addr else { return nil }
    family = unsafe entry.ai_family
    bytes = unsafe Array(
      UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let code = unsafe getnameinfo(
      address, entry.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
    guard code == 0 else { return nil }
    text = String(
      decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func words(_ code: Int32) -> String {
    unsafe String(cString: gai_strerror(code))
  }

  /// What came of the attempts to reach a host.
  public enum Knock: Equatable, Sendable {
    /// The first address that answered; the time since the first attempt.
    case open(Duration)
    /// Why not, for each address.
    case closed([String])
  }

  /// Tries the host's addresses one by one. Blocks for the name server, and otherwise about as long
  /// as `limit`.
  /// - Parameter interface: `nil`: whatever leads there.
  public static func knock(
    host: String, port: Int, over interface: String? = nil, within limit: Duration
  ) -> Knock {
    var failures: [String] = []
    let start = monotonicNow()
    do throws(FileError) {
      for address in try resolve(host: host, port: port) {
        let left = limit - (monotonicNow() - start)
        do throws(FileError) {
          try address.connect(over: interface, within: max(left, .milliseconds(500)))
          return .open(monotonicNow() - start)
        } catch { failures.append("\(error)") }
      }
    } catch { failures.append("\(error)") }
    return .closed(failures)
  }

  /// Opens a TCP connection and closes it again.
  public func connect(
    over interface: String? = nil, within limit: Duration
  ) throws(FileError) {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(family, kind, 0)
    guard descriptor >= 0 else { throw FileError("open", "a socket", code: errno) }
    defer { close(descriptor) }
    if let interface {
      let name = Array(interface.utf8)
      let code = unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.count))
      guard code == 0 else { throw FileError("use the interface", interface, code: errno) }
    }
    let result = unsafe bytes.withUnsafeBytes { bytes in
      unsafe bytes.withMemoryRebound(to: sockaddr.self) {
        unsafe Glibc.connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
      }
    }
    if result == 0 { return }
    guard errno == EINPROGRESS else { throw FileError("connect to", text, code: errno) }
    var poller = Poller()
    poller.add(descriptor, .writable)
    let deadline = monotonicNow() + limit
    while poller.ready(descriptor) == [] {
      let left = deadline - monotonicNow()
      guard left > .zero else { throw FileError("connect to", text, code: ETIMEDOUT) }
      try poller.wait(timeout: left)
    }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else { throw FileError("connect to", text, code: code) }
  }
}
