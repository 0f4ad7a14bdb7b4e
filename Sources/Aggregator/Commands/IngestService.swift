package import Daemon
import Synchronization

/// Ingest as a service: its thread opens the store and the connection, and owns both.
package final class IngestService: Service {
  package let name = "ingest"
  package let report: IngestReport
  private let stop: StopSignal
  private let ended = Ended()

  /// Shared with the thread.
  private final class Ended: Sendable {
    let flag = Atomic<Bool>(false)
  }

  package init(_ configuration: AggregatorConfiguration, _ report: IngestReport) throws(FileError) {
    self.report = report
    let stop = try StopSignal()
    self.stop = stop
    let ended = ended
    _ = try Thread(name: "ingest", stackBytes: 4 << 20) {
      do throws(StoreError) {
        let store = try SQLiteStore(path: configuration.storePath)
        IngestLoop(configuration, store: store, report: report, stop: stop).run()
      } catch {
        report.update { $0.fatal = error.description }
      }
      report.update { $0.hasEnded = true }
      ended.flag.store(true, ordering: .releasing)
    }
  }

  package var progress: UInt64 { report.current.progress }
  package var fatal: String? { report.current.fatal }
  package func requestStop() { stop.set() }
  package var hasStopped: Bool { ended.flag.load(ordering: .acquiring) }
}
