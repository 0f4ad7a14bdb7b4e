import Agent
import Daemon
import Enrolment
import Protocol

/// What devices, technicians and logs give to the agent.
extension Target {
  static let edge = [
    Target(name: "payload-coverage") { checkPayload($0, .coverage) },
    Target(name: "payload-broadband") { checkPayload($0, .broadband) },
    Target(name: "payload-service") { checkPayload($0, .service) },
    Target(name: "agent-configuration") { bytes in
      do {
        _ = try AgentConfiguration(ConfigNode.parse(text: text(bytes), name: "agent.json5"))
      } catch {
        hold("\(error)".hasPrefix("agent.json5:"), "an error names the file and the line: \(error)")
      }
    },
    Target(name: "gnettrack") { bytes in
      let lines = text(bytes).split(separator: "\n", omittingEmptySubsequences: false)
      guard let header = lines.first,
        let log = try? GNetTrackLog(header: String(header), file: "log.csv", options: .init())
      else { return }
      for line in lines.dropFirst() {
        guard case .measurement(let json, _) = log.row(String(line)) else { continue }
        let parsed = parse(Array(json.utf8), .coverage)
        hold(parsed.measurements.count == 1, "what is published of a row is taken: \(json)")
      }
    },
    Target(name: "rfc3339") { bytes in
      guard let ms = RFC3339.parse(text(bytes)) else { return }
      hold(RFC3339.parse(RFC3339.format(ms: ms)) == ms, "a moment comes back the same: \(ms)")
    },
  ]

  /// What carries an agent's identity from the province to the host.
  static let identity = [
    Target(name: "bundle") { body in
      // With the right digest, or nothing behind it would ever be reached.
      let text = "hatang-bundle 1 sha256:\(SHA256.hex(text(body).utf8))\n\(text(body))"
      do {
        let bundle = try Bundle(parsing: text, file: "b")
        let again = try Bundle(parsing: bundle.text, file: "b")
        hold(again == bundle, "a bundle comes back the same: \(bundle)")
      } catch {
        hold("\(error)".hasPrefix("b: "), "an error names the file: \(error)")
      }
    },
    Target(name: "certificate") { bytes in
      guard let found = Certificate(pem: text(bytes)) else { return }
      for ms in [found.notBeforeMs, found.notAfterMs] {
        hold(RFC3339.parse(RFC3339.format(ms: ms)) == ms, "a date can be written: \(ms)")
      }
    },
  ]

  private static let arrivalMs: Int64 = 1_795_486_650_000

  private static func parse(_ payload: [UInt8], _ kind: Kind) -> ParsedPayload {
    var parser = PayloadParser(payloadBytesMax: 262_144)
    return parser.parse(
      topic: "measure/\(kind.name)/s", payload: payload, arrivalMs: arrivalMs)
  }

  private static func checkPayload(_ payload: [UInt8], _ kind: Kind) {
    let parsed = parse(payload, kind)
    for rejection in parsed.rejections {
      hold(!rejection.field.isEmpty && !rejection.reason.isEmpty, "a rejection has its reason")
      hold(rejection.reason.utf8.count <= Rejection.reasonBytesMax, "a reason is bounded")
    }
    guard !parsed.measurements.isEmpty else { return }
    let bytes = Segment.encode(parsed.measurements, receivedMs: arrivalMs)
    hold(
      (try? Segment(decoding: bytes[...]))?.measurements.count == parsed.measurements.count,
      "what the parser takes, the wire takes")
  }

  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
