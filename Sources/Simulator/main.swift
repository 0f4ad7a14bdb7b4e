import Daemon
import MQTT

/// Plays a fleet, or a load, to local brokers.
func run() throws -> ExitCode {
  let options = Settings.parser.parseOrExit()
  let settings = try Settings(options, nowMs: wallClockMs())
  let signals = try SignalDescriptor()
  mqttStart()
  defer { mqttStop() }
  if let flood = settings.flood {
    return try FloodRun(flood, broker: settings.brokers[0]).run(signals: signals)
  }
  if let agents = settings.agents {
    return try AgentsRun(agents, broker: settings.brokers[0], seed: settings.seed)
      .run(signals: signals)
  }
  let grid = try PopulationGrid(
    csv: try Files.text(settings.population), name: settings.population)
  return try FleetRun(settings, grid: grid).run(signals: signals)
}

do {
  try run().exit()
} catch let error as UsageError {
  Standard.error("hatang-simulator: \(error)\n")
  ExitCode.usage.exit()
} catch {
  Standard.error("hatang-simulator: \(error)\n")
  ExitCode.failed.exit()
}
