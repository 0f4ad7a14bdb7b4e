import Daemon

/// What only the running daemon knows of itself, asked at its own address: `/readyz`.
package enum DaemonReadiness {
  /// As much as the daemon told; or why it told nothing.
  package static func ask(_ http: HTTPConfiguration) -> Result<IngestReport.Facts, ReadinessError> {
    do {
      return .success(try facts(of: try body(http)))
    } catch let error as ReadinessError {
      return .failure(error)
    } catch {
      return .failure(ReadinessError("\(error)"))
    }
  }

  /// Its web thread may be at a page that takes a while.
  private static let within: Duration = .seconds(8)
  private static let bytesMax = 65_536

  private static func body(_ http: HTTPConfiguration) throws -> String {
    // A server that listens everywhere is asked at home.
    let everywhere = ["0.0.0.0": "127.0.0.1", "::": "::1"]
    let address = http.listen
    let connection = try LineConnection(
      host: everywhere[address.host] ?? address.host, port: address.port, within: within)
    let token = http.token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    try connection.send("GET /readyz HTTP/1.0\r\nHost: \(address.text)\r\n\(token)\r\n")
    var lines: [String] = []
    while let line = try connection.line(bytesMax: bytesMax, within: within) {
      lines.append(String(decoding: line, as: UTF8.self))
    }
    // Not ready is an answer, too.
    let status = lines.first?.split(separator: " ").dropFirst().first
    guard status == "200" || status == "503",
      let end = lines.firstIndex(where: { $0.isEmpty || $0 == "\r" })
    else {
      throw ReadinessError("\(connection.name) answers \(lines.first ?? "nothing")")
    }
    return lines[(end + 1)...].joined(separator: "\n")
  }

  private static func facts(of body: String) throws(ConfigError) -> IngestReport.Facts {
    let node = try ConfigNode.parse(text: body, name: "/readyz")
    var facts = IngestReport.Facts()
    facts.isConnected = try node.required("broker").boolean()
    facts.isStateWhole = try node.required("state").boolean()
    facts.trouble = try node.text("trouble")
    facts.rebuilding = try node.text("rebuilding") ?? ""
    facts.clockLagSeconds = try node.required("clock_lead_seconds").integer(in: 0...Int64.max)
    return facts
  }
}

package struct ReadinessError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
