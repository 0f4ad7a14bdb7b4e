import Daemon

/// The time that one run of a probe has for everything it starts. A run that lasted longer would be
/// ended from outside, by its unit or by `check`, and nobody would learn what it had met.
package struct ProbeTime: Sendable {
  /// Publishing comes after it, and takes a minute where the broker hangs; with that it is below
  /// TimeoutStartSec of the units.
  package static let ofRun: Duration = .seconds(150)
  package static let inCheck: Duration = .seconds(24)

  /// Of the whole run.
  private let limit: Duration
  private let deadline: Duration

  /// Less is of no use to any program.
  private static let least: Duration = .seconds(1)

  /// Begins now.
  package init(_ limit: Duration) {
    self.limit = limit
    deadline = monotonicNow() + limit
  }

  /// What is left, but not more than `most`.
  /// - Parameter rest: is kept for what comes after it.
  package func left(_ most: Duration, keeping rest: Duration = .zero) -> Duration {
    max(.zero, min(most, deadline - rest - monotonicNow()))
  }

  /// The same for a program, which is not started where it could do nothing.
  package func forProgram(
    _ most: Duration, keeping rest: Duration = .zero
  ) throws(ProbeFailure) -> Duration {
    let left = left(most, keeping: rest)
    guard left >= Self.least else {
      let seconds = limit.components.seconds
      throw ProbeFailure(
        .toolHung, "lần chạy chỉ có \(seconds) s, hết trước khi đo xong",
        "a run has \(seconds) s, which were over before it had measured")
    }
    return left
  }
}
