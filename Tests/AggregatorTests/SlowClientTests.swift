import Aggregator
import Daemon
import Glibc
import TestSupport
import Testing

/// Clients that dawdle keep nobody out.
@Suite struct SlowClientTests {
  @Test func `1200 half-open clients stop no reader, and those that wait longest are let go`()
    throws
  {
    raiseDescriptorLimit()
    let site = try WebSite(isFilled: false)
    var clients: [HTTPClient] = []
    for _ in 0..<1_200 {
      let client = try #require(HTTPClient(port: site.port))
      client.send("GET / HTTP/1.1\r\nHost: ")
      clients.append(client)
    }
    let began = monotonicNow()
    for _ in 0..<20 { #expect(try site.get("/healthz").status == 200) }
    // Generous for a loaded machine; without the limit the answer comes after the idle time.
    #expect(monotonicNow() - began < .seconds(10))
    try waitUntil("the first are let go") { clients.prefix(200).allSatisfy(\.isClosed) }
    // And the rest when the time for a head is over.
    try waitUntil("all are let go") { clients.allSatisfy(\.isClosed) }
  }

  @Test func `a head that trickles in is cut, however busy it looks`() throws {
    let site = try WebSite(isFilled: false)
    let client = try #require(HTTPClient(port: site.port))
    client.send("GET / HTTP/1.1\r\n")
    var sent = 0
    let began = monotonicNow()
    try waitUntil("the connection is cut") {
      sent += 1
      return !client.send("X") || client.isClosed
    }
    #expect(monotonicNow() - began < .seconds(30))
    #expect(sent > 10)
  }

  private func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 8_192))
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
