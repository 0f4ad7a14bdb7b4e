package import Indicators
package import Protocol
import SQLite

/// The state of some kinds is not what the configuration's rules make of the measurements, so no
/// figure may be made of it.
package struct StateInProgress: Error, Equatable, CustomStringConvertible {
  package let path: String
  package let kinds: Set<Kind>

  package var description: String {
    let names = kinds.map(\.name).sorted().joined(separator: ", ")
    return """
      read \(path): the state of \(names) is being made again, or was made by other settings than \
      the configuration's; if the configuration was changed, sudo systemctl reload \
      hatang-aggregator, then wait until hatang-aggregator watch names no rebuild
      """
  }
}

extension StoreReader {
  /// - Throws: `StateInProgress` until `Rebuild` has made the state by this method's rules.
  package func expectWholeState(_ method: Method) throws {
    let meta = Dictionary(
      uniqueKeysWithValues: try rows("SELECT key, value FROM meta") { ($0.text(0), $0.text(1)) })
    let due = try StateRules(method).kindsDue { meta[Rebuild.Key.state($0)] }
    guard due.isEmpty else { throw StateInProgress(path: database.path, kinds: due) }
  }
}
