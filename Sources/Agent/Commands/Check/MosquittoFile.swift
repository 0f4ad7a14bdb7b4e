import Daemon

/// What the configuration of a mosquitto on this host says of the bounds that our promises need.
package struct MosquittoFile: Equatable {
  /// mosquitto's own defaults (mosquitto.conf(5)).
  package private(set) var isPersistent = false
  /// 0: no bound.
  package private(set) var queuedMessagesMax: Int64 = 1_000
  /// 0: no bound.
  package private(set) var queuedBytesMax: Int64 = 0
  private var ports: Set<Int64> = []

  package static let usualPath = "/etc/mosquitto/mosquitto.conf"
  private static let bytesMax = 1 << 20

  /// - Returns: `nil` where it cannot be read, or is not the file of the broker at this port.
  package init?(_ path: String, port: Int) {
    guard add(path, depth: 0) else { return nil }
    let listens = ports.isEmpty ? [1_883] : ports
    guard listens.contains(Int64(port)) else { return nil }
  }

  private mutating func add(_ path: String, depth: Int) -> Bool {
    guard depth <= 2, let text = try? Files.text(path, bytesMax: Self.bytesMax) else {
      return false
    }
    for line in text.split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count >= 2, !words[0].hasPrefix("#") else { continue }
      let value = String(words[1])
      switch words[0] {
      case "persistence": isPersistent = value == "true"
      case "max_queued_messages": queuedMessagesMax = Int64(value) ?? queuedMessagesMax
      case "max_queued_bytes": queuedBytesMax = Int64(value) ?? queuedBytesMax
      case "listener", "port": if let port = Int64(value) { ports.insert(port) }
      case "include_dir":
        let names = (try? Files.names(in: value)) ?? []
        for name in names where name.hasSuffix(".conf") {
          // One that cannot be read could say the opposite.
          guard add("\(value)/\(name)", depth: depth + 1) else { return false }
        }
      default: break
      }
    }
    return true
  }
}
