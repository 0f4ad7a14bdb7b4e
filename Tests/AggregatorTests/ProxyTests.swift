import Aggregator
import Daemon
import Glibc
import TestSupport
import Testing

/// The shipped nginx configuration, with a real nginx, at ports and certificates of the test.
@Suite struct ProxyTests {
  @Test func `nginx hands on pages, tags and events, and keeps operators' pages to itself`() throws
  {
    let site = try WebSite()
    let folder = TemporaryFolder()
    let (plain, secure) = (Broker.freePort(), Broker.freePort())
    let certificates = Certificates(in: folder)
    var text = try Files.text(Repository.path("config/nginx/hatang.conf"))
    for (shipped, own) in [
      ("127.0.0.1:8057", "127.0.0.1:\(site.port)"), ("listen 80;", "listen 127.0.0.1:\(plain);"),
      ("listen 443 ssl http2;", "listen 127.0.0.1:\(secure) ssl http2;"),
      ("/etc/ssl/hatang/hatang.example.vn.crt", certificates.server),
      ("/etc/ssl/hatang/hatang.example.vn.key", certificates.serverKey),
      ("allow 127.0.0.1;", "allow 127.0.0.2;"),
    ] {
      #expect(text.contains(shipped), "\(shipped)")
      text = text.replacing(shipped, with: own)
    }
    folder.write(text, to: "hatang.conf")
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map { "\($0)_temp_path \(folder.path)/\($0);" }.joined(separator: " ")
    folder.write(
      """
      daemon off; master_process off; pid \(folder.path)/nginx.pid;
      error_log \(folder.path)/error.log;
      events { }
      http { access_log off; \(temporary) include \(folder.path)/hatang.conf; }
      """, to: "nginx.conf")
    let nginx = Program(
      "/usr/sbin/nginx", ["-c", folder.file("nginx.conf")], log: folder.file("nginx.log"))
    defer { nginx.kill() }
    try waitUntil("nginx answers", within: .seconds(30)) { HTTPClient(port: plain) != nil }

    let moved = try #require(HTTPAnswer.get("/operations?lang=en", port: plain))
    #expect(moved.status == 301 && moved.headers["location"] == "https://t/operations?lang=en")
    func curl(_ path: String, _ arguments: String...) throws -> String {
      let words = ["-sk", "--max-time", "30"] + arguments + ["https://127.0.0.1:\(secure)\(path)"]
      return try output(of: "/usr/bin/curl", words, in: folder).text
    }
    let head = try curl("/api/v1/areas", "--http1.1", "-I", "-H", "Accept-Encoding: gzip")
    #expect(head.hasPrefix("HTTP/1.1 200 OK"), "\(head)")
    let tag = try #require(head.firstMatch(of: /(?i)etag: (\S+)/)?.1)
    let known = "If-None-Match: \(tag)"
    #expect(try curl("/api/v1/areas", "-I", "-H", known).hasPrefix("HTTP/2 304"))
    #expect(try curl("/", "-i").contains("strict-transport-security: max-age=31536000"))
    for path in ["/operations", "/metrics", "/api/v1/ledger"] {
      #expect(try curl(path, "-I").hasPrefix("HTTP/2 403"), "\(path)")
    }
    let listener = Program(
      "/usr/bin/curl", ["-skN", "https://127.0.0.1:\(secure)/events"], log: folder.file("events"))
    defer { listener.kill() }
    try waitUntil("the first event passes") {
      try folder.text(of: "events").contains("id: 20.2/1\n")
    }
    try site.change()
    try waitUntil("a change passes") { try folder.text(of: "events").contains("id: 20.2/2\n") }
  }
}
