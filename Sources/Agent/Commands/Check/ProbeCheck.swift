import Daemon

/// The built-in probes: their tools, their devices, a reading of each.
package enum ProbeCheck {
  /// For each probe of the configuration a name and what adds its lines, each in a thread of its
  /// own, so that a modem that hangs delays no other part.
  package static func parts(
    _ configuration: AgentConfiguration
  ) -> [(name: String, reading: @Sendable (CheckFindings) -> Void)] {
    // This version's configuration refuses probes.
    []
  }
}
