import Daemon
import MQTT
import Protocol

/// What the intake's session at the local broker takes: our own topics and those of the mappings.
///
/// The session outlives the process, and so do its subscriptions: one that the configuration no
/// longer wants has to be taken back, or its messages come for ever, and twice where a new filter
/// takes them, too. A file beside the buffer therefore names every mapped filter that the session
/// may have; without mappings there is none. Used by the intake's thread.
///
/// A new session is not in mosquitto's file until that is written, which the shipped configuration
/// makes it do after so many changes; killed before, it would forget the session, and give what it
/// acknowledges meanwhile to nobody. A SUBSCRIBE is a change also if it changes nothing, so a new
/// session says its own until the file is due.
struct Subscriptions {
  /// Ours first.
  private let filters: [String]
  private let file: String
  /// SUBACKs that are still to come.
  private var awaited = 0
  private var hasStale = false
  /// The broker may not have written the session to its file.
  private var isFresh = false

  /// Changes after which the shipped broker writes its file: `autosave_interval`.
  static let changesUntilWritten = 1_000

  init(_ mappings: [Mapping], bufferPath: String) {
    filters = [Topic.measurements] + mappings.map(\.filter)
    file = "\(bufferPath).subscriptions"
  }

  /// On a new connection.
  ///
  /// - Parameter isSessionPresent: whether the broker knew the session.
  mutating func begin(
    _ connection: Connection, isSessionPresent: Bool
  ) throws(MQTTError) {
    if !isSessionPresent { isFresh = true }
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
    if isFresh {
      for _ in 0..<Self.changesUntilWritten {
        _ = try connection.subscribe(to: Topic.measurements, retained: .ifNew)
      }
      awaited += Self.changesUntilWritten
    }
    hasStale = !stale.isEmpty
  }

  /// A SUBACK came. Whether it was the last: from then on, what is published is for us.
  mutating func acknowledged() -> Bool {
    awaited -= 1
    guard awaited == 0 else { return false }
    isFresh = false
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
