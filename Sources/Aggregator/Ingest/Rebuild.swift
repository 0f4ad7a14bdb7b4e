package import Protocol

/// Makes the state of some kinds again from the kept segments: after a parameter that decides how
/// samples enter it has changed, or in a program with other rules.
///
/// Works in bounded transactions and survives being stopped: `meta` says how far it came. While it
/// says so, the state is not whole, and no indicator is to be computed (`StateInProgress`).
package struct Rebuild {
  private let store: any Store
  private let rules: StateRules

  /// Segments of one transaction, at most: fewer where they hold many measurements.
  package var segmentsPerStep = 1_024

  package init(store: any Store, rules: StateRules) {
    self.store = store
    self.rules = rules
  }

  /// Keys of `meta`.
  package enum Key {
    /// The fingerprint with which the state of a kind was made.
    package static func state(_ kind: Kind) -> String { "state.\(kind.name)" }
    /// The fingerprint with which it is being made, while that goes on.
    package static func target(_ kind: Kind) -> String { "rebuild.\(kind.name)" }
    /// Id of the last segment that was added.
    package static let position = "rebuild.position"
  }

  /// Kinds whose state was made by other rules or is not finished.
  package func kindsDue() throws(StoreError) -> Set<Kind> {
    try rules.kindsDue { kind throws(StoreError) in try store.meta(Key.state(kind)) }
  }

  /// Begins, or goes on where an earlier run stopped.
  ///
  /// - Parameter mayContinue: asked between transactions with how many segments are done and how
  ///   many there are; false stops, to go on at the next start.
  /// - Returns: whether the state is whole.
  package func run(
    mayContinue: (_ done: Int64, _ all: Int64) -> Bool = { _, _ in true }
  ) throws(StoreError) -> Bool {
    let kinds = try kindsDue()
    if kinds.isEmpty { return true }
    let last = try store.lastSegmentID()
    var position = try begin(kinds)
    var names = NameCache()
    while mayContinue(position, last) {
      let segments = try store.segments(after: position, limit: segmentsPerStep)
      if segments.isEmpty {
        try finish(kinds)
        return true
      }
      try store.transaction { () throws(StoreError) in
        var state = DayState(rules: rules, kinds: kinds)
        for segment in segments {
          // One that decoded once and does not now would be a fault of this program.
          guard let decoded = try? Segment(decoding: segment.bytes[...]) else { continue }
          try state.add(
            decoded, agent: segment.agent, arrivedMs: segment.arrivedMs, names: &names,
            store: store)
        }
        try state.merge(into: store, countsReceived: false)
        position = segments[segments.count - 1].id
        try store.setMeta(Key.position, "\(position)")
      }
    }
    return false
  }

  /// - Returns: the id of the last segment that is in the state already.
  private func begin(_ kinds: Set<Kind>) throws(StoreError) -> Int64 {
    var isSame = true
    for kind in Kind.measuring {
      let target = try store.meta(Key.target(kind))
      isSame = isSame && target == (kinds.contains(kind) ? rules.fingerprint(of: kind) : nil)
    }
    if isSame, let position = try store.meta(Key.position).flatMap({ Int64($0) }) {
      return position
    }
    try store.transaction { () throws(StoreError) in
      for kind in Kind.measuring {
        let isDue = kinds.contains(kind)
        if isDue { try store.deleteState(of: kind) }
        try store.setMeta(Key.target(kind), isDue ? rules.fingerprint(of: kind) : nil)
        // While it is being made there is no fingerprint that it could match.
        if isDue { try store.setMeta(Key.state(kind), nil) }
      }
      try store.setMeta(Key.position, "0")
    }
    return 0
  }

  private func finish(_ kinds: Set<Kind>) throws(StoreError) {
    try store.transaction { () throws(StoreError) in
      for kind in kinds {
        try store.setMeta(Key.state(kind), rules.fingerprint(of: kind))
        try store.setMeta(Key.target(kind), nil)
      }
      try store.setMeta(Key.position, nil)
    }
  }
}
