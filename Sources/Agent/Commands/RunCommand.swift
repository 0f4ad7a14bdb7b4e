import Daemon
import MQTT

/// `hatang-agent run`: the daemon. Two threads, intake and uplink; this one minds signals, the
/// service manager and the status file.
enum RunCommand: Command {
  static let usage = CommandLineParser.Command(
    "run", "The daemon: takes measurements in, keeps them, and delivers them.",
    vi: "Dịch vụ: thu nhận số đo, giữ và chuyển về tỉnh.")

  /// - Parameter options: of the command line.
  static func run(_ options: Options) throws -> ExitCode {
    mqttStart()
    defer { mqttStop() }
    // Once for all configurations: the kernel counts what the process writes.
    let processStart = monotonicNow()
    var status: StatusFile?
    return try ServiceRunner<AgentConfiguration>(
      read: { () throws(ConfigError) in try AgentConfiguration(file: options.config) },
      start: { configuration in
        let (parts, file) = try start(configuration, processStart)
        status = file
        return parts
      },
      glance: { services in
        let hasStopped = services.allSatisfy(\.hasStopped)
        status?.write(isRunning: !hasStopped)
      }
    ).run()
  }

  private static func start(
    _ configuration: AgentConfiguration, _ processStart: Duration
  ) throws -> (ServiceRunner<AgentConfiguration>.Parts, StatusFile) {
    let path = configuration.buffer.path
    let lock = try FileLock(path: path + ".lock", subject: "buffer \(path)")
    let buffer = try Buffer(configuration.buffer)
    // Finds what is wrong with the file before anything is promised.
    try buffer.open()
    let intakeReport = IntakeReport()
    let uplinkReport = UplinkReport()
    let intake = try ThreadService(name: "intake", stackBytes: 1 << 20) { stop, progress in
      intakeBody(configuration, buffer, intakeReport, stop, progress)
    }
    let uplink = try ThreadService(name: "uplink", stackBytes: 1 << 20) { stop, progress in
      let reader = BufferReader(buffer)
      UplinkLoop(
        broker: configuration.uplink, agent: configuration.agent, version: programVersion,
        source: reader, wakeUp: buffer.wakeUp, report: uplinkReport, stop: stop,
        progress: progress
      ).run()
      reader.close()
      return nil
    }
    Log.setFields([("agent", configuration.agent)])
    Log.notice(
      "started",
      [("version", programVersion), ("agent", configuration.agent), ("buffer", path)])
    let closer = Closer(buffer)
    let parts = ServiceRunner<AgentConfiguration>.Parts(
      services: [intake, uplink], held: [closer, lock])
    let file = StatusFile(
      configuration, version: programVersion, intake: intakeReport, uplink: uplinkReport,
      buffer: buffer, processStart: processStart)
    return (parts, file)
  }

  private static func intakeBody(
    _ configuration: AgentConfiguration, _ buffer: Buffer, _ report: IntakeReport,
    _ stop: StopSignal, _ progress: Progress
  ) -> String? {
    while !stop.isSet {
      do throws(BufferError) {
        let writer = try BufferWriter(buffer)
        IntakeLoop(
          configuration, writer: writer, report: report, stop: stop, progress: progress
        ).run()
        writer.close()
        return nil
      } catch {
        if error.nature == .foreign { return error.description }
        report.update { $0.trouble = error.description }
        Log.warning("the buffer does not open", [("error", error)])
        progress.turn()
        var poller = Poller()
        poller.add(stop.fileDescriptor, .readable)
        _ = try? poller.wait(timeout: .seconds(1))
      }
    }
    return nil
  }

  /// Closes the buffer when both threads have ended.
  private final class Closer {
    private let buffer: Buffer

    init(_ buffer: Buffer) { self.buffer = buffer }

    deinit { buffer.close() }
  }
}
