package import Daemon

/// The web server as a service: one thread that only reads, with a connection to the store of its
/// own. A request waits for the one before; the slowest (the map) is kept until 20.2 changes.
package enum WebService {
  /// How long the thread waits for a request before it looks whether it is to end.
  private static let waitMs: Int32 = 250

  /// - Parameter socket: taken over.
  package static func start(
    _ socket: ListenSocket, _ configuration: AggregatorConfiguration, _ tables: Tables,
    _ report: IngestReport
  ) throws(FileError) -> ThreadService {
    let (path, method) = (configuration.storePath, configuration.method)
    let certificateIndex = configuration.authority.indexFile
    return try ThreadService(name: "web", stackBytes: 4 << 20) { stop, progress in
      let store: StoreReader
      do {
        store = try StoreReader(path: path)
      } catch {
        return "\(error)"
      }
      let router = Router(
        store, tables: tables, method: method, report: report, openData: configuration.openData)
      router.certificateIndex = certificateIndex
      guard let server = HTTPServer(socket, handle: router.answer) else {
        return "libmicrohttpd does not start: out of memory or descriptors"
      }
      while !stop.isSet {
        server.turn(waitMs: waitMs)
        progress.turn()
      }
      return nil
    }
  }
}
