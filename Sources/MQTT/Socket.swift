import CMosquitto
import Glibc

/// What libmosquitto leaves to its user: readiness, TCP's own keep-alive, address families.

/// Readiness of one descriptor; 0: none within the time. POLLERR and POLLHUP come unasked.
@discardableResult
func wait(_ descriptor: Int32, for events: Int16, ms: Int32) -> Int16 {
  var entry = pollfd(fd: descriptor, events: events, revents: 0)
  // A signal counts as "not ready": the owner comes again.
  return unsafe poll(&entry, 1, ms) > 0 ? entry.revents : 0
}

func monotonicClock() -> Duration {
  var now = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &now)
  return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
}

/// The error that an asynchronous connect left on the socket; 0: none.
func socketError(_ descriptor: Int32) -> Int32 {
  var value: Int32 = 0
  var length = socklen_t(MemoryLayout<Int32>.size)
  unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &value, &length)
  return value
}

/// Finds a dead peer on a connection that carries nothing, without MQTT's PINGREQ: a connection
/// whose owner must not write (a PUBACK would go along) lives on.
func keepAlive(_ descriptor: Int32) {
  setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
  setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30)
  setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
  setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
}

/// Holds partial segments back while on.
func cork(_ descriptor: Int32, _ isOn: Bool) {
  setOption(descriptor, Int32(IPPROTO_TCP), TCP_CORK, isOn ? 1 : 0)
}

private func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
  var value = value
  // Fails only where the socket is gone, which the next read tells.
  unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
}

enum AddressFamily {
  case ipv4, ipv6

  /// libmosquitto takes the first address of a name that it can bind to this.
  var anyAddress: String {
    switch self {
    case .ipv4: "0.0.0.0"
    case .ipv6: "::"
    }
  }

  /// Whether no name server is needed.
  static func isAddress(_ host: String) -> Bool {
    var bytes = in6_addr()
    return [AF_INET, AF_INET6].contains { unsafe inet_pton($0, host, &bytes) == 1 }
  }

  /// The families of the host's addresses, in the resolver's order.
  static func families(of host: String, subject: String) throws(MQTTError) -> [AddressFamily] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
      throw .library("connect", subject, MOSQ_ERR_EAI, errno: code, details: [])
    }
    defer { unsafe freeaddrinfo(list) }
    var families: [AddressFamily] = []
    var next = unsafe list
    while let entry = unsafe next {
      let family: AddressFamily = unsafe entry.pointee.ai_family == AF_INET6 ? .ipv6 : .ipv4
      if !families.contains(family) { families.append(family) }
      unsafe next = entry.pointee.ai_next
    }
    return families
  }
}
