import Daemon
import MQTT
import Protocol

/// What the intake's session at the local broker takes: our own topics and those of the mappings.
///
/// The session outlives the process, and so do its subscriptions: one that the configuration no
/// longer wants has to be taken back, or its messages come for ever, and twice where a new filter
/// takes them, too. A file beside the buffer therefore names every mapped filter that the session
/// may have; without mappings there is none. Used by the intake's thread.
struct Subscriptions {
  /// Ours first.
  private let filters: [String]
  private let file: String
  /// SUBACKs that are still to come.
  private var awaited = 0
  private var hasStale = false

  init(_ mappings: [Mapping], bufferPath: String) {
    filters = [Topic.measurements] + mappings.map(\.filter)
    file = "\(bufferPath).subscriptions"
  }

  /// On a new connection.
  mutating func begin(_ connection: Connection) throws(MQTTError) {
    let mapped = Array(filters.dropFirst())
    let known = read()
    let stale = known.filter { !filters.contains($0) }
    // Before they are made: a crash in between must not forget one.
    if mapped.contains(where: { !known.contains($0) }) { write(stale + mapped) }
    // The broker takes packets in their order: nothing is ever taken by two filters.
    for filter in stale { try connection.unsubscribe(from: filter) }
    // A retained message of a subscription that is known already would come twice.
    for filter in filters { _ = try connection.subscribe(to: filter, retained: .ifNew) }
    awaited = filters.count
    hasStale = !stale.isEmpty
  }

  /// A SUBACK came. Whether it was the last: from then on, what is published is for us.
  mutating func acknowledged() -> Bool {
    awaited -= 1
    guard awaited == 0 else { return false }
    if hasStale { write(Array(filters.dropFirst())) }
    return true
  }

  private func read() -> [String] {
    guard Files.exists(file) else { return [] }
    do throws(FileError) {
      return try Files.text(file, bytesMax: 1 << 20).split(separator: "\n").map(String.init)
    } catch {
      Log.warning("older subscriptions are not known", [("error", error)])
      return []
    }
  }

  private func write(_ filters: [String]) {
    do throws(FileError) {
      try Files.writeAtomically(file, Array(filters.map { "\($0)\n" }.joined().utf8))
    } catch {
      Log.warning("subscriptions cannot be noted", [("error", error)])
    }
  }
}
