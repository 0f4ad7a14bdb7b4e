import Glibc

/// Tells systemd how the daemon is: datagrams to `$NOTIFY_SOCKET` (sd_notify(3)). Does nothing
/// where nobody listens.
public enum ServiceManager {
  /// Start-up is finished.
  public static func ready() { notify("READY=1") }

  public static func stopping() { notify("STOPPING=1") }

  /// The configuration is being read again; `ready` follows. The time lets systemd tell this
  /// reload from an earlier one.
  public static func reloading() {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    notify("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)")
  }

  /// One line for `systemctl status`.
  public static func status(_ text: String) {
    notify("STATUS=\(text.split(separator: "\n").joined(separator: " "))")
  }

  /// Work goes on. Call it more often than `watchdogInterval`.
  public static func watchdog() { notify("WATCHDOG=1") }

  /// systemd restarts the service when it hears no `watchdog` for so long; `nil`: it does not
  /// watch.
  public static var watchdogInterval: Duration? {
    guard let text = environment("WATCHDOG_USEC"), let microseconds = Int64(text),
      microseconds > 0
    else { return nil }
    if let process = environment("WATCHDOG_PID"), process != "\(getpid())" { return nil }
    return .microseconds(microseconds)
  }

  private static func notify(_ text: String) {
    guard let path = environment("NOTIFY_SOCKET") else { return }
    send(Array(text.utf8), to: path)
  }

  /// One datagram; `false` where nobody took it.
  ///
  /// - Parameter path: absolute, or `@` and a name in the abstract namespace.
  @discardableResult
  package static func send(_ bytes: [UInt8], to path: String) -> Bool {
    var name = Array(path.utf8)
    guard let first = name.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@") else {
      return false
    }
    if first == UInt8(ascii: "@") { name[0] = 0 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard name.count < room else { return false }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
    let descriptor = socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    let sent = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        unsafe bytes.withUnsafeBytes {
          unsafe sendto(
            descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), generic, length)
        }
      }
    }
    return sent == bytes.count
  }

  private static func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}
