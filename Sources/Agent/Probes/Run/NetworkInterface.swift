import Daemon

/// A network interface as the kernel shows it in /sys/class/net (the kernel's
/// Documentation/ABI/testing/sysfs-class-net).
package struct NetworkInterface {
  let name: String
  private let folder: String

  /// Bytes since the interface came up.
  package struct Counters: Equatable {
    package let received: Int64
    package let sent: Int64

    package init(received: Int64, sent: Int64) {
      self.received = received
      self.sent = sent
    }
  }

  private static let ethernet = "1"

  /// - Parameter root: another folder than the kernel's, for tests.
  package init(_ name: String, root: String = "/sys/class/net") {
    self.name = name
    folder = "\(root)/\(name)"
  }

  package var exists: Bool { Files.exists(folder) }

  /// `up`, `down`, `unknown` (loopback and modems say so while they work), … .
  package var state: String? { word("operstate") }

  /// What the port can carry, bit/s; `nil` where the kernel does not know.
  package var linkBps: Int64? {
    guard let megabits = word("speed").flatMap({ Int64($0) }), megabits > 0 else { return nil }
    return megabits * 1_000_000
  }

  /// `nil`: neither Ethernet nor Wi-Fi, such as a modem.
  package var isWired: Bool? {
    if Files.exists("\(folder)/wireless") || Files.exists("\(folder)/phy80211") { return false }
    return word("type") == NetworkInterface.ethernet ? true : nil
  }

  package var counters: Counters? {
    guard let received = word("statistics/rx_bytes").flatMap({ Int64($0) }),
      let sent = word("statistics/tx_bytes").flatMap({ Int64($0) })
    else { return nil }
    return Counters(received: received, sent: sent)
  }

  /// A file of one word. Some cannot be read while the interface is down.
  private func word(_ file: String) -> String? {
    guard let text = try? Files.text("\(folder)/\(file)", bytesMax: 4_096) else { return nil }
    return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
  }
}
