import Aggregator
import Daemon
import TestSupport
import Testing

/// The web server over the methodology's example province, on a port of its own.
final class WebSite {
  let province: Province
  let report = IngestReport()
  let port: Int
  private let service: ThreadService

  /// - Parameter http: further members of `http` in the configuration.
  init(http: String = "", isFilled: Bool = true) throws {
    province = try Province()
    if isFilled {
      try province.ingest(Province.coverage() + Province.services() + Province.broadband())
      try province.recomputation().run(nowMs: Province.nowMs, isAll: true)
    }
    let configuration = try AggregatorConfiguration(
      try ConfigNode.parse(
        text: """
          { broker: { host: "127.0.0.1" }, store: { path: "\(province.site.path)" },
            http: { listen: "127.0.0.1:0", \(http) }, indicators: "i", areas: "a" }
          """, name: "\(province.site.folder.path)/aggregator.json5"))
    let socket = try ListenSocket(configuration.listen)
    port = socket.port
    service = try WebService.start(socket, configuration, try Province.tables(), report)
  }

  deinit {
    service.requestStop()
    _ = eventually { service.hasStopped }
  }

  func get(_ path: String, _ headers: String...) throws -> HTTPAnswer {
    let head = (["GET \(path) HTTP/1.1"] + headers).joined(separator: "\r\n")
    return try #require(HTTPAnswer(port: port, head: head))
  }

  /// The member of a JSON object that is served.
  func node(_ path: String) throws -> ConfigNode {
    try ConfigNode.parse(text: try get(path).body, name: path)
  }

  /// Another day's sample, so that 20.2 has a new revision.
  func change() throws {
    try province.ingest([
      Province.sample(tile: Province.tile, cell: 9, day: 2, isCovered: false, plmn: "45201")
    ])
    try province.recomputation().run(nowMs: Province.nowMs + 2_000, isAll: true)
  }
}
