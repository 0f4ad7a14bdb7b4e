import Daemon
import TestSupport
import Testing

/// A misspelt field is no error, and shows: which it was, and whose.
@Suite struct UnknownFieldTests {
  @Test func `status names the field that nobody knew last, and its topic`() throws {
    let site = try Site()
    try site.startAgent()
    let payload = """
      {"lat": 20.54, "lon": 105.91, "rat": "nr-sa", "ss_rsrpp": -90, "ss_rsrq": -11}
      """
    run(
      "/usr/bin/mosquitto_pub",
      [
        "-h", "127.0.0.1", "-p", "\(site.local.port)", "-q", "1", "-t", "measure/coverage/xe-01",
        "-m", payload,
      ])
    var status = ConfigNode?.none
    try waitUntil("the status file knows the field") {
      status = try ConfigNode.parse(file: site.folder.file("status.json"))
      return status?["last_unknown_field"].map { !$0.isNull } ?? false
    }
    #expect(status?.at("last_unknown_field", "field")?.plain == "ss_rsrpp")
    #expect(status?.at("last_unknown_field", "topic")?.plain == "measure/coverage/xe-01")
    #expect(status?["unknown_fields"]?.plain == "1" && status?["accepted"]?.plain == "1")
    let shown = try site.run("hatang-agent", ["status"]).text
    #expect(
      shown.contains(
        "  trường lạ / unknown fields        1: \"ss_rsrpp\" (measure/coverage/xe-01, 20"),
      "\(shown)")
  }
}
