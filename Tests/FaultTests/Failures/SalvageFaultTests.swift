import Agent
import CSQLite
import Synchronization
import TestSupport
import Testing

/// A salvage that is refused something for a moment: it waits, and takes nothing for lost.
@Suite struct SalvageFaultTests {
  /// Refuses calls in one connection to the file that was set aside.
  final class Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    private let kind: Kind
    private let state: Mutex<State>

    enum Kind: String, Sendable {
      case open
      case read
      case sharedMemory = "shared memory"

      var code: Int32 {
        switch self {
        // As with too many open files.
        case .open: SQLITE_CANTOPEN
        case .read: SQLITE_IOERR | 1 << 8
        // As on a full disk.
        case .sharedMemory: SQLITE_IOERR | 19 << 8
        }
      }
    }

    private struct State {
      /// Of the file, the one with the refused calls included.
      var opensLeft: Int
      var callsLeft: Int
      var hasStruck = false
    }

    /// - Parameters:
    ///   - opens: in which connection to the file; four copy its small tables, then comes the
    ///     salvage's.
    ///   - calls: calls of the kind in it that go well before.
    init(_ kind: Kind, of opens: Int, after calls: Int = 0) {
      testDescription = "\(kind.rawValue), connection \(opens), after \(calls)"
      self.kind = kind
      state = Mutex(State(opensLeft: opens, callsLeft: calls))
    }

    var hasStruck: Bool { state.withLock { $0.hasStruck } }

    func refusal(of call: FaultDisk.Call, _ name: String) -> Int32? {
      guard name.contains(".damaged-"), !name.hasSuffix("-wal") else { return nil }
      return state.withLock { state in
        if case .open = call { state.opensLeft -= 1 }
        guard state.opensLeft == 0, isConcerned(call) else { return nil }
        state.callsLeft -= 1
        guard state.callsLeft < 0 else { return nil }
        state.hasStruck = true
        return kind.code
      }
    }

    private func isConcerned(_ call: FaultDisk.Call) -> Bool {
      switch (kind, call) {
      case (.open, .open), (.read, .read), (.sharedMemory, .sharedMemory): true
      default: false
      }
    }
  }

  static var refusals: [Refusal] {
    [
      Refusal(.open, of: 1), Refusal(.open, of: 5), Refusal(.sharedMemory, of: 3),
      Refusal(.sharedMemory, of: 5), Refusal(.read, of: 5),
      Refusal(.read, of: 5, after: 20),
    ]
  }

  @Test(arguments: refusals)
  func `what is refused of a file set aside is salvaged a moment later`(
    refusal: Refusal
  ) throws {
    let rotten = try RottenHost(segments: 40)
    defer { rotten.end() }
    rotten.disk.watch { refusal.refusal(of: $0, $1) }
    rotten.meetDamage()
    #expect(rotten.storeOne(), "nothing can be stored any more")
    try rotten.checkThatOnlyRotIsLost()
    #expect(refusal.hasStruck)
  }
}
