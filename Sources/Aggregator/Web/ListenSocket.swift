import Daemon
import Glibc

/// The web server's listening socket, opened before anything is promised, so that a port in use is
/// told exactly. Closed by libmicrohttpd once it has it.
package struct ListenSocket: Sendable {
  package let descriptor: Int32
  /// As it is bound; another one than was asked for where that was 0.
  package let port: Int

  package struct Failure: Error, Equatable, CustomStringConvertible {
    let address: String
    let text: String

    package var description: String { "http.listen is \"\(address)\": \(text)" }
  }

  package init(_ address: ListenAddress) throws(Failure) {
    let host = address.host.contains(":") ? "[\(address.host)]" : address.host
    let name = "\(host):\(address.port)"
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(address.host, String(address.port), &hints, &found)
    guard code == 0, let first = unsafe found else {
      let reason = unsafe String(cString: gai_strerror(code))
      throw Failure(address: name, text: "\(reason); name an address of this machine")
    }
    defer { unsafe freeaddrinfo(first) }
    let descriptor = unsafe socket(
      first.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      throw Failure(address: name, text: ListenSocket.text(of: errno))
    }
    var on: Int32 = 1
    // A port whose last connections still fade away is free; one that is listened on is not.
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
      listen(descriptor, ListenSocket.backlog) == 0
    else {
      let failure = Failure(address: name, text: ListenSocket.text(of: errno))
      close(descriptor)
      throw failure
    }
    self.descriptor = descriptor
    port = ListenSocket.port(of: descriptor) ?? address.port
  }

  private static let backlog: Int32 = 64

  private static func text(of code: Int32) -> String {
    switch code {
    case EADDRINUSE:
      "the port is in use; end the program that listens there, or choose another port"
    case EACCES: "ports below 1024 are for root; choose another port"
    case EADDRNOTAVAIL: "the address is none of this machine; choose one of its addresses"
    default: "\(FileError.text(of: code)); choose another address"
    }
  }

  private static func port(of descriptor: Int32) -> Int? {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    guard result == 0 else { return nil }
    // The port lies at the same place for both families.
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe Int(UInt16(bigEndian: $0.pointee.sin_port))
      }
    }
  }
}
