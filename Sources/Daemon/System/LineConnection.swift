import Glibc

/// A TCP connection to a service that speaks in lines, such as gpsd. Owned by one thread.
public final class LineConnection {
  /// `host:port`, for messages.
  public let name: String
  private let descriptor: Int32
  private var pending: [UInt8] = []

  /// Blocks for the name server, and otherwise until the deadline.
  public init(host: String, port: Int, within limit: Duration) throws(FileError) {
    name = "\(host):\(port)"
    let deadline = monotonicNow() + limit
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else {
      throw FileError("find", host, code: 0, hint: unsafe String(cString: gai_strerror(code)))
    }
    defer { unsafe freeaddrinfo(list) }
    var next = unsafe list
    var cause = ECONNREFUSED
    while let entry = unsafe next {
      unsafe next = entry.pointee.ai_next
      let made = unsafe socket(
        entry.pointee.ai_family,
        entry.pointee.ai_socktype | Int32(SOCK_NONBLOCK.rawValue)
          | Int32(SOCK_CLOEXEC.rawValue), entry.pointee.ai_protocol)
      guard made >= 0 else {
        cause = errno
        continue
      }
      if unsafe connect(made, entry.pointee.ai_addr, entry.pointee.ai_addrlen) == 0 {
        descriptor = made
        return
      }
      cause = errno
      if cause == EINPROGRESS {
        cause = LineConnection.awaitConnection(made, until: deadline)
        if cause == 0 {
          descriptor = made
          return
        }
      }
      close(made)
    }
    throw FileError("connect", "\(host):\(port)", code: cause)
  }

  deinit { close(descriptor) }

  public func send(_ text: String) throws(FileError) {
    try Files.write(Array(text.utf8), to: descriptor, name: name)
  }

  /// The next line without its break; `nil` at the deadline, or where the other side has closed.
  /// - Parameter bytesMax: a longer line is an error.
  public func line(bytesMax: Int, within limit: Duration) throws(FileError) -> [UInt8]? {
    let deadline = monotonicNow() + limit
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(pending[..<end])
        pending.removeFirst(end + 1)
        return line
      }
      guard pending.count <= bytesMax else {
        throw FileError("read", name, code: EFBIG, hint: "a line of at most \(bytesMax) bytes")
      }
      let rest = deadline - monotonicNow()
      guard rest > .zero else { return nil }
      var poller = Poller()
      poller.add(descriptor, .readable)
      guard try poller.wait(timeout: rest) > 0 else { continue }
      var chunk = [UInt8](repeating: 0, count: 4_096)
      let count = unsafe chunk.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
      }
      if count == 0 { return nil }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw FileError("read", name, code: errno)
      }
      pending.append(contentsOf: chunk[..<count])
    }
  }

  /// 0, or why there is no connection.
  private static func awaitConnection(_ descriptor: Int32, until deadline: Duration) -> Int32 {
    while true {
      let rest = deadline - monotonicNow()
      guard rest > .zero else { return ETIMEDOUT }
      var poller = Poller()
      poller.add(descriptor, .writable)
      guard let count = try? poller.wait(timeout: rest), count > 0 else { continue }
      var code: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else {
        return errno
      }
      return code
    }
  }
}
