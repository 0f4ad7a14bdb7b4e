import Aggregator
import Daemon
import Glibc
import Synchronization
import TestSupport

/// What readers ask the aggregator for.
extension Target {
  static let web = [
    // A path and what stands behind the question mark, decoded as libmicrohttpd does.
    Target(name: "http-query") { bytes in
      let parts = text(bytes).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      let pairs = parts.count > 1 ? parts[1].split(separator: "&") : []
      let query = pairs.map { pair in
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return HTTPRequest.QueryItem(String(sides[0]), sides.count > 1 ? String(sides[1]) : "")
      }
      let status = router.withLock { router in
        if router == nil { router = WebTarget.makeRouter() }
        return router?.answer(HTTPRequest(path: "/" + parts[0], query: query)).status ?? 0
      }
      hold((200..<500).contains(status), "whatever is asked has an answer: \(status)")
    }
  ]

  /// Made once: it opens a store.
  private static let router = Mutex<Router?>(nil)
}

private enum WebTarget {
  /// Over an empty store and the province's own tables.
  static func makeRouter() -> Router {
    do {
      let path = "/tmp/hatang-fuzz-\(getpid()).db"
      defer { for ending in ["", "-wal", "-shm"] { try? Files.remove(path + ending) } }
      let text = """
        { broker: { host: "b" }, indicators: "\(Repository.path("seeds/indicators.json"))",
          areas: "\(Repository.path("seeds/areas.json"))" }
        """
      let configuration = try AggregatorConfiguration(ConfigNode.parse(text: text, name: "fuzz"))
      _ = try Rebuild(
        store: try SQLiteStore(path: path), rules: StateRules(configuration.method)
      ).run()
      return Router(
        try StoreReader(path: path), tables: try Tables(configuration),
        method: configuration.method, report: IngestReport())
    } catch { fatalError("\(error)") }
  }
}
