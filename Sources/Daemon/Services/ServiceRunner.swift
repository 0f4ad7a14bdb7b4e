/// A daemon's main thread: minds signals, the service manager and the parts' progress; everything
/// else happens on the parts' threads.
///
/// SIGTERM and SIGINT end it: the parts finish what they have begun, at most `stopTime`; a second
/// signal ends the wait. SIGHUP reads the configuration again: a good one replaces the parts, a bad
/// one is refused with its reason, and the old one stays; one that reads well and cannot be started
/// gives way to the old one. Each time the service manager hears RELOADING, and then READY, as
/// systemd.service(5) wants it of `Type=notify-reload`.
public struct ServiceRunner<Configuration> {
  private let signals: SignalDescriptor
  private let read: () throws(ConfigError) -> Configuration
  private let start: (Configuration) throws -> Parts
  private let glance: ([any Service]) -> Void
  /// Code, as it was mapped when this was the only thread.
  private let mapped = Memory.unchanged

  /// How long the parts may take to finish what they have begun.
  private let stopTime: Duration = .seconds(5)
  /// By then the parts have done what they do only once.
  private let startTime: Duration = .seconds(2)
  /// Between two looks at the parts.
  private let interval: Duration = .seconds(1)

  /// What one configuration has started.
  public struct Parts {
    public let services: [any Service]
    /// Let go of after the services have stopped: locks.
    public let held: [AnyObject]

    /// - Parameter services: in the order in which data passes them; they stop in reverse.
    public init(services: [any Service], held: [AnyObject] = []) {
      self.services = services
      self.held = held
    }
  }

  /// Blocks the signals in this thread: make it before any other thread.
  ///
  /// - Parameters:
  ///   - read: reads the configuration anew.
  ///   - start: starts the parts.
  ///   - glance: is called about once a second.
  public init(
    read: @escaping () throws(ConfigError) -> Configuration,
    start: @escaping (Configuration) throws -> Parts,
    glance: @escaping ([any Service]) -> Void = { _ in }
  ) throws(FileError) {
    signals = try SignalDescriptor()
    self.read = read
    self.start = start
    self.glance = glance
  }

  /// Until the end is asked for or a part has failed.
  public func run() throws -> ExitCode {
    var configuration = try read()
    var former: Configuration?
    while true {
      let parts: Parts
      do {
        parts = try start(configuration)
      } catch {
        guard let last = former else { throw error }
        Log.error(
          "the configuration cannot be used, the former one goes on", [("error", "\(error)")])
        former = nil
        configuration = last
        continue
      }
      ServiceManager.ready()
      let (end, changed) = try watch(parts.services)
      if changed == nil { ServiceManager.stopping() }
      try stop(parts.services)
      glance(parts.services)
      guard let changed else {
        Log.notice("ended")
        return end
      }
      former = configuration
      configuration = changed
    }
  }

  private func watch(_ services: [any Service]) throws -> (ExitCode, Configuration?) {
    var poller = Poller()
    poller.add(signals.fileDescriptor, .readable)
    let watchdog = ServiceManager.watchdogInterval
    var progress = ProgressWatch(services.map(\.progress), now: monotonicNow())
    var startEnds: Duration? = monotonicNow() + startTime
    while true {
      try poller.wait(timeout: watchdog.map { min($0 / 4, interval) } ?? interval)
      while let signal = signals.next() {
        switch signal {
        case .terminate, .interrupt: return (.done, nil)
        case .hangUp: if let changed = reread() { return (.done, changed) }
        }
      }
      if let failed = services.first(where: { $0.fatal != nil }) {
        Log.error("a part has failed", [("part", failed.name), ("error", failed.fatal ?? "")])
        return (.failed, nil)
      }
      glance(services)
      if let end = startEnds, monotonicNow() >= end {
        startEnds = nil
        Memory.giveBack(mapped)
      }
      switch progress.look(
        services.map(\.progress), now: monotonicNow(), watchdog: watchdog)
      {
      case .advanced: ServiceManager.watchdog()
      case .waiting: break
      case .stalled(let places):
        let names = places.map { services[$0].name }.joined(separator: ",")
        Log.warning("no progress", [("parts", names)])
      }
    }
  }

  private func reread() -> Configuration? {
    ServiceManager.reloading()
    do throws(ConfigError) {
      let changed = try read()
      Log.notice("configuration read again")
      return changed
    } catch {
      Log.error("the configuration stays as it was", [("error", error)])
      ServiceManager.ready()
      return nil
    }
  }

  private func stop(_ services: [any Service]) throws {
    for service in services.reversed() { service.requestStop() }
    var poller = Poller()
    poller.add(signals.fileDescriptor, .readable)
    let deadline = monotonicNow() + stopTime
    while !services.allSatisfy(\.hasStopped) {
      if signals.next() != nil || monotonicNow() >= deadline {
        // What is not committed was neither receipted nor acknowledged.
        Log.warning("ending without waiting any longer")
        ExitCode.failed.exit()
      }
      try poller.wait(timeout: .milliseconds(20))
    }
  }
}
