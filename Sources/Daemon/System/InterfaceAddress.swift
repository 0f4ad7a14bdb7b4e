import Glibc

/// Addresses of this machine.
public enum InterfaceAddress {
  /// The IPv4 address of a network interface; `nil` where it has none.
  public static func ipv4(of name: String) -> String? {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return nil }
    defer { unsafe freeifaddrs(list) }
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      guard unsafe String(cString: entry.pointee.ifa_name) == name,
        let address = unsafe entry.pointee.ifa_addr,
        unsafe address.pointee.sa_family == sa_family_t(AF_INET)
      else { continue }
      var text = [CChar](repeating: 0, count: 46)
      let length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let code = unsafe getnameinfo(
        address, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      guard code == 0 else { return nil }
      return String(
        decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return nil
  }
}
