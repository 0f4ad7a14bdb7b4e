import Aggregator
import Daemon
import Glibc
import Indicators
import MQTT
import TestSupport
import Testing

/// Every complaint about the configuration, in full: file, line, key, value, what is legal.
@Suite struct AggregatorConfigurationTests {
  private static let least = """
    { broker: { host: "127.0.0.1" }, indicators: "indicators.json", areas: "areas.json" }
    """

  private func parse(_ text: String) throws(ConfigError) -> AggregatorConfiguration {
    try AggregatorConfiguration(
      try ConfigNode.parse(text: text, name: "/etc/hatang/aggregator.json5"))
  }

  /// The complaint about a configuration of the least keys and one more.
  private func complaint(_ extra: String) -> String {
    let text = "{ broker: { host: \"127.0.0.1\" }, indicators: \"i.json\", areas: \"a.json\",\n"
    do {
      _ = try parse(text + extra + " }")
      return "none"
    } catch {
      return error.description.replacing("/etc/hatang/aggregator.json5", with: "F")
    }
  }

  @Test func `what is not given has the contract's default`() throws {
    let configuration = try parse(AggregatorConfigurationTests.least)
    #expect(configuration.broker.port == 1_883 && configuration.broker.tls == nil)
    #expect(configuration.storePath == "/var/lib/hatang-aggregator/hatang.db")
    #expect(configuration.keepRawDays == 400 && configuration.recomputeSeconds == 2)
    #expect(configuration.listen.host == "127.0.0.1" && configuration.listen.port == 8_057)
    #expect(configuration.indicatorsPath == "/etc/hatang/indicators.json")
    #expect(configuration.populationPath == nil && configuration.agents == nil)
    #expect(configuration.method == Method())
  }

  @Test func `the shipped example is sound and says what the defaults are`() throws {
    let path = Repository.path("config/aggregator.json5")
    let configuration = try AggregatorConfiguration.read(path)
    #expect(configuration.method == Method())
    #expect(configuration.quotas == QuotaConfiguration())
    let quotas = try #require(try ConfigNode.parse(file: path)["quotas"])
    #expect(try quotas.object().count == 7)
    #expect(Files.exists(configuration.indicatorsPath))
    #expect(configuration.populationPath.map(Files.exists) == true)
    let method = try #require(try ConfigNode.parse(file: path)["method"])
    let named = Set(try method.object().map(\.key))
    // home_plmns has no default that could be written.
    #expect(named == Set(Method.keys).subtracting(["home_plmns"]))
  }

  @Test func `every parameter of the method can be set`() throws {
    let text = """
      { broker: { host: "b" }, indicators: "i", areas: "a", method: {
        utc_offset: "-03:30", accuracy_m: 20, covered_dbm: -105.5, strong_dbm: -95,
        home_plmns: ["45204"], min_streams: 8, min_seconds: 12.5, accept_simulated: true,
        min_bins: 6, min_days: 3, rho: 0.5, fresh_days: [30, 60], min_population_share: 0.6,
        min_effective: 40, required_bps: 5e8, min_lines: 7, record_days: 100, test_days: 5,
        pass_days: 4, delivered_ratio: 0.8, min_decided: 20, line_days: 60, min_denominator: 50,
        min_heard_share: 0.8 } }
      """
    let method = try parse(text).method
    var expected = Method()
    expected.utcOffsetMinutes = -210
    expected.accuracyMetres = 20
    expected.coveredDbm = -105.5
    expected.strongDbm = -95
    expected.homePlmns = ["45204"]
    expected.minStreams = 8
    expected.minSeconds = 12.5
    expected.acceptSimulated = true
    expected.minBins = 6
    expected.minDays = 3
    expected.rho = 0.5
    expected.freshDays = [30, 60]
    expected.minPopulationShare = 0.6
    expected.minEffective = 40
    expected.requiredBps = 500_000_000
    expected.minLines = 7
    expected.recordDays = 100
    expected.testDays = 5
    expected.passDays = 4
    expected.deliveredRatio = 0.8
    expected.minDecided = 20
    expected.lineDays = 60
    expected.minDenominator = 50
    expected.minHeardShare = 0.8
    #expect(method == expected)
    // A parameter that is added to the method belongs in the text above too.
    #expect(Mirror(reflecting: method).children.count == 24)
  }

  @Test func `a missing file says so`() {
    let error = #expect(throws: ConfigError.self) {
      try AggregatorConfiguration.read("/nowhere/aggregator.json5")
    }
    #expect(
      error?.description
        == "/nowhere/aggregator.json5: cannot be read: No such file or directory; create it, or "
        + "name another file")
  }

  @Test(arguments: [
    ("stroe: {}", "F:2: unknown key stroe; did you mean store?"),
    (
      "store: { keep_raw_day: 3 }",
      "F:2: unknown key store.keep_raw_day; did you mean keep_raw_days?"
    ),
    (
      "store: { keep_raw_days: 0 }", "F:2: store.keep_raw_days is 0, allowed 1…36500; raise it"
    ),
    (
      "store: { keep_raw_days: \"400\" }",
      "F:2: store.keep_raw_days is \"400\", but must be a whole number; remove the quotes"
    ),
    ("store: 7", "F:2: store is 7, but must be an object in { }; change it"),
    (
      "http: { listen: \"8057\" }",
      "F:2: http.listen is \"8057\", allowed an address and a port of 0…65535, such as "
        + "\"127.0.0.1:8057\" or \"[::1]:8057\"; change it"
    ),
    (
      "http: { listen: \"0.0.0.0:8057\" }",
      "F:2: http.listen is \"0.0.0.0:8057\", which other machines reach, and nothing decides who "
        + "may read there; listen on 127.0.0.1:8057, or add http.token_file, or put a reverse "
        + "proxy in front (/usr/share/doc/hatang-aggregator/examples/hatang.conf) and say "
        + "http.behind_proxy: true"
    ),
    (
      "http: { token: \"x\" }",
      "F:2: unknown key http.token; known here: listen, token_file, behind_proxy, "
        + "base_map"
    ),
    (
      "recompute_seconds: 0", "F:2: recompute_seconds is 0, allowed 1…3600; raise it"
    ),
    (
      "agents: [\"a\", \"a\"]",
      "F:2: agents[1] is \"a\", which is in the list already; remove one"
    ),
    (
      "agents: []",
      "F:2: agents is empty, so no agent would be heard; name some, or remove the key"
    ),
    (
      "agents: [\"KCN\"]",
      "F:2: agents[0] is \"KCN\", allowed a-z 0-9 -, 1…64 characters; not \"indicators\"; change it"
    ),
    (
      "quotas: { message_per_second: 1 }",
      "F:2: unknown key quotas.message_per_second; did you mean messages_per_second?"
    ),
    (
      "quotas: { streams: 0 }",
      "F:2: quotas.streams is 0, allowed 1…1000000000000; raise it"
    ),
    (
      "quotas: { samples_burst: 1000 }",
      "F:2: quotas.samples_burst makes samples_burst 1000 and samples_per_second 5000, but a burst "
        + "holds a second at least; raise samples_burst"
    ),
    (
      "quotas: { bytes_per_second: 2e9 }",
      "F:2: quotas makes bytes_burst 1000000000 and bytes_per_second 2000000000, but a burst "
        + "holds a second at least; raise bytes_burst"
    ),
    ("population: \"\"", "F:2: population is \"\", allowed a path that is not empty; change it"),
  ])
  func `a wrong key or value is named with what is legal`(extra: String, expected: String) {
    #expect(complaint(extra) == expected)
  }

  @Test(arguments: [
    ("rhp: 1", "F:2: unknown key method.rhp; did you mean rho?"),
    ("rho: 1.5", "F:2: method.rho is 1.5, allowed 0…1; lower it"),
    ("covered_dbm: -20", "F:2: method.covered_dbm is -20, allowed -156…-31; lower it"),
    (
      "strong_dbm: -120",
      "F:2: method.strong_dbm makes strong_dbm -120.0 and covered_dbm -110.0, but strong_dbm must "
        + "be covered_dbm or more; change one"
    ),
    (
      "utc_offset: \"+7\"",
      "F:2: method.utc_offset is \"+7\", allowed -12:00…+14:00, such as \"+07:00\"; change it"
    ),
    (
      "utc_offset: \"+14:30\"",
      "F:2: method.utc_offset is \"+14:30\", allowed -12:00…+14:00, such as \"+07:00\"; change it"
    ),
    (
      "home_plmns: [\"Viettel\"]",
      "F:2: method.home_plmns[0] is \"Viettel\", allowed 5 or 6 digits, such as \"45204\"; "
        + "change it"
    ),
    (
      "fresh_days: [90, 30]",
      "F:2: method.fresh_days[1] is 30, but each window must be longer than the one before; sort "
        + "them"
    ),
    (
      "fresh_days: []", "F:2: method.fresh_days has 0 windows, allowed 1…8; change the list"
    ),
    (
      "pass_days: 4",
      "F:2: method.pass_days makes pass_days 4 of test_days 3, so no line could pass; lower "
        + "pass_days"
    ),
    (
      "accept_simulated: 1",
      "F:2: method.accept_simulated is 1, but must be true or false; change it"
    ),
  ])
  func `a wrong parameter of the method is named with its range`(extra: String, expected: String) {
    #expect(complaint("method: { \(extra) }") == expected)
  }

  @Test func `a broker needs its host, readable certificates, and what belongs together`() throws {
    let folder = TemporaryFolder()
    folder.write("-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n", to: "ca.pem")
    folder.write("secret\nsecond line", to: "password")
    func complaint(_ broker: String) -> String {
      let text = "{ broker: { \(broker) }, indicators: \"i\", areas: \"a\" }"
      do {
        let node = try ConfigNode.parse(text: text, name: folder.file("a.json5"))
        return "\(try AggregatorConfiguration(node).broker)"
      } catch {
        return "\(error)".replacing(folder.path, with: "D")
      }
    }
    #expect(
      complaint("port: 1883")
        == "D/a.json5:1: broker.host is missing; add it to broker, which begins here")
    #expect(
      complaint("host: \"b\", port: 70000")
        == "D/a.json5:1: broker.port is 70000, allowed 1…65535; lower it")
    #expect(
      complaint("host: \"b\", ca_file: \"no.pem\"")
        == "D/a.json5:1: broker.ca_file names D/no.pem, which cannot be read: No such file or "
        + "directory; put the file there, or correct the path")
    #expect(
      complaint("host: \"b\", ca_file: \"ca.pem\", cert_file: \"ca.pem\"")
        == "D/a.json5:1: broker.cert_file is of no use without key_file; add key_file")
    let key = "host: \"b\", ca_file: \"ca.pem\", cert_file: \"ca.pem\", key_file: \"ca.pem\""
    chmod(folder.file("ca.pem"), 0o644)
    #expect(
      complaint(key)
        == "D/a.json5:1: broker.key_file names D/ca.pem with mode 0644, so everybody on this host "
        + "can use the key; chmod 0640 D/ca.pem, and ask for a new key if strangers use this host")
    chmod(folder.file("ca.pem"), 0o640)
    #expect(complaint(key).contains("/ca.pem\"))"))
    #expect(
      complaint("host: \"b\", password_file: \"password\"")
        == "D/a.json5:1: broker.password_file is of no use without username; add username")
    #expect(
      !complaint("host: \"b\", username: \"u\", password_file: \"password\"").contains("second"))
    let secret = try ConfigNode.parse(
      text: """
        { broker: { host: "b", username: "u", password_file: "password" }, indicators: "i",
          areas: "a" }
        """, name: folder.file("a.json5"))
    #expect(try AggregatorConfiguration(secret).broker.password == "secret")
  }

  @Test(arguments: [
    ("127.0.0.1:1", ""), ("[::1]:1", ""), ("localhost:1", ""), ("0.0.0.0:1", "behind_proxy: true"),
    ("[::]:1", "token_file: \"token\""),
  ])
  func `another machine is served where a token or a proxy decides who may`(
    listen: String, more: String
  ) throws {
    let folder = TemporaryFolder()
    folder.write("0123456789abcdef\n", to: "token")
    let node = try ConfigNode.parse(
      text: "{ listen: \"\(listen)\", \(more) }", name: folder.file("a.json5"))
    let http = try HTTPConfiguration(node)
    #expect(http.listen.port == 1)
    #expect(http.token == (more.hasPrefix("token") ? "0123456789abcdef" : nil))
    #expect(http.isShared == !more.hasPrefix("token"))
  }

  @Test func `a token that can be guessed is refused with a command for a better one`() throws {
    let folder = TemporaryFolder()
    folder.write("secret\n", to: "token")
    let node = try ConfigNode.parse(
      text: "{ token_file: \"token\" }", name: folder.file("a.json5"))
    let error = #expect(throws: ConfigError.self) { try HTTPConfiguration(node) }
    #expect(
      error?.text == """
        token_file is "\(folder.file("token"))", whose first line has 6 bytes, allowed 16…1024 \
        without blanks; write one with: openssl rand -hex 32 > \(folder.file("token"))
        """)
  }
}
