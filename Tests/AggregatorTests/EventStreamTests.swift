import Aggregator
import Daemon
import TestSupport
import Testing

/// `/events`: every value at once, and each new one as it is made.
@Suite struct EventStreamTests {
  @Test func `a listener hears the values that stand, and then what changes`() throws {
    let site = try WebSite()
    let client = try #require(HTTPClient(port: site.port))
    client.send("GET /events HTTP/1.1\r\nHost: t\r\nAccept: text/event-stream\r\n\r\n")
    #expect(client.read { $0.contains("id: 20.2/1\n") && $0.hasSuffix("\n\n\r\n") })
    let head = client.text.prefix { $0 != "{" }
    #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(head.contains("Content-Type: text/event-stream; charset=utf-8\r\n"))
    #expect(head.contains("X-Accel-Buffering: no\r\n"))
    #expect(client.text.ranges(of: "event: indicator\n").count == 3)
    try site.change()
    #expect(client.read { $0.contains("id: 20.2/2\n") && $0.hasSuffix("\n\n\r\n") })
    let object = try site.get("/api/v1/indicators/20.2").body.dropLast()
    #expect(client.text.contains("data: \(object)\n\n"))
    #expect(client.text.ranges(of: "id: 20.1/").count == 1)
  }

  @Test func `300 listeners hear of one change, and the server ends with all of them open`() throws
  {
    let site = try WebSite()
    var clients: [HTTPClient] = []
    for _ in 0..<300 {
      let client = try #require(HTTPClient(port: site.port))
      client.send("GET /events HTTP/1.1\r\nHost: t\r\n\r\n")
      #expect(client.read { $0.contains("id: 20.2/1\n") })
      clients.append(client)
    }
    try site.change()
    for client in clients { #expect(client.read { $0.contains("id: 20.2/2\n") }) }
    #expect(try site.get("/healthz").status == 200)
  }
}
