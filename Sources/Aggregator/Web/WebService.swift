package import Daemon
import Glibc

/// The web server as a service: one thread that only reads, with a connection to the store of its
/// own. A request waits for the one before; the slowest (the map) is kept until 20.2 changes.
package enum WebService {
  /// How long the thread waits for a request before it looks whether it is to end.
  private static let waitMs: Int32 = 200

  /// - Parameter socket: taken over.
  package static func start(
    _ socket: ListenSocket, _ configuration: AggregatorConfiguration, _ tables: Tables,
    _ report: IngestReport, _ coverage: LatestCoverage = LatestCoverage()
  ) throws(FileError) -> ThreadService {
    let (path, method) = (configuration.storePath, configuration.method)
    let certificateIndex = configuration.authority.indexFile
    let (http, agentAreas) = (configuration.http, configuration.agentAreas)
    return try ThreadService(name: "web", stackBytes: 4 << 20) { stop, progress in
      let store: StoreReader
      do {
        store = try StoreReader(path: path)
      } catch {
        return "\(error)"
      }
      let router = Router(
        store, tables: tables, method: method, report: report, agentAreas: agentAreas,
        openData: configuration.openData, baseMap: http.baseMap, coverage: coverage)
      router.certificateIndex = certificateIndex
      let feed = IndicatorFeed(store, codes: tables.indicators.filled.map(\.code))
      let desk = HTTPDesk(
        access: AccessGuard(token: http.token), feed: feed, handle: router.answer)
      raiseDescriptorLimit()
      guard let server = HTTPServer(socket, isShared: http.isShared, desk: desk) else {
        return "libmicrohttpd does not start: out of memory or descriptors"
      }
      while !stop.isSet {
        server.turn(waitMs: waitMs)
        progress.turn()
      }
      return nil
    }
  }

  /// Connections and event streams need more than the 1,024 descriptors that are usual.
  private static func raiseDescriptorLimit() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 8_192))
    // Where that is not allowed, there is room for fewer clients.
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
