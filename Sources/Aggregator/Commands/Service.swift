package import Daemon
import Synchronization

/// A part of the daemon that works on threads of its own from `init` until `requestStop`.
package protocol Service: AnyObject {
  /// For log and watchdog.
  var name: String { get }
  /// Rises as long as its threads get on; the watchdog is fed only if all parts' do.
  var progress: UInt64 { get }
  /// Why it ended by itself; `nil`: it did not.
  var fatal: String? { get }
  /// Asks its threads to finish what they have begun and to end. Returns at once.
  func requestStop()
  var hasStopped: Bool { get }
}

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
      ended.flag.store(true, ordering: .releasing)
    }
  }

  package var progress: UInt64 { report.current.progress }
  package var fatal: String? { report.current.fatal }
  package func requestStop() { stop.set() }
  package var hasStopped: Bool { ended.flag.load(ordering: .acquiring) }
}
