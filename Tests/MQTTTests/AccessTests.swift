import Aggregator
import Daemon
import Enrolment
import Glibc
import MQTT
import TestSupport
import Testing

/// What the certificate of agent A opens at the province's broker as shipped, and what it does not.
@Suite struct AccessTests {
  private let province: EnrolledProvince
  private let a = EnrolledProvince.a
  private let b = EnrolledProvince.b

  init() throws { province = try EnrolledProvince() }

  /// Every topic that is not A's to write, and some that no one has.
  private var foreignToWrite: [String] {
    ["batch", "status", "receipt", "check", "batch/x"].map { "hatang/v1/\(b)/\($0)" } + [
      "hatang/v1/\(a)/receipt", "hatang/v1/\(a)", "hatang/v1/\(a)/batch/x", "hatang/v1/\(b)",
      "hatang/v1/indicators/20.1", "hatang/v1/indicators/status", "hatang/v1//batch", "hatang",
      "measure/coverage/xe-01", "a",
    ]
  }

  /// Publishes until the broker has acknowledged it or refused it; mosquitto 2.0.11 then ends the
  /// connection, with either version of MQTT.
  private func forge(_ publication: Publication) throws {
    for version in [ConnectionOptions.ProtocolVersion.v311, .v5] {
      var options = province.options(certificateOf: a, clientID: "forger")
      options.protocolVersion = version
      let client = try Client(options).connect()
      let id = try client.connection.publish(publication)
      #expect(
        client.until {
          !$0.failures.isEmpty
            || $0.events.contains { if case .published(id) = $0 { true } else { false } }
        })
      client.connection.disconnect()
    }
  }

  @Test func `A writes its own batch and status, and no topic of B or of the province`() throws {
    let insider = try province.insider()
    try insider.subscribe("#")
    try insider.publish("hatang/v1/\(b)/status", "of B", isRetained: true)
    for topic in foreignToWrite {
      try forge(Publication(topic: topic, payload: Array("forged".utf8)))
      try forge(Publication(topic: topic, payload: Array("forged".utf8), isRetained: true))
      // An empty retained message would take B's away.
      try forge(Publication(topic: topic, payload: [], isRetained: true))
    }
    // The broker has judged those before it sees these.
    let client = try Client(province.options(certificateOf: a, clientID: "plain")).connect()
    try client.publish("hatang/v1/\(a)/batch", "own")
    try client.publish("hatang/v1/\(a)/status", "own")
    #expect(insider.until { $0.messages.count { $0.topic.hasPrefix("hatang/v1/\(a)/") } == 2 })
    #expect(
      insider.messages.map { "\($0.topic) \(String(decoding: $0.payload, as: UTF8.self))" } == [
        "hatang/v1/\(b)/status of B", "hatang/v1/\(a)/batch own", "hatang/v1/\(a)/status own",
      ])
    let late = try province.insider("late")
    try late.subscribe("hatang/v1/\(b)/status")
    #expect(late.until { $0.texts == ["of B"] })
  }

  @Test func `a publication on a topic of B is refused in words with MQTT 5`() throws {
    let client = try Client(province.options(certificateOf: a, clientID: "plain")).connect()
    try client.connection.publish(
      Publication(topic: "hatang/v1/\(b)/batch", payload: Array("forged".utf8)))
    #expect(client.until { !$0.failures.isEmpty })
    #expect(
      client.failures.first == """
        refused: publish 127.0.0.1:\(province.agentsPort): refused: Not authorized; check \
        username, password or certificate, and the broker's access list
        """)
  }

  @Test func `A reads its own receipts, live and no others, by whatever filter`() throws {
    let insider = try province.insider()
    let topics = foreignToWrite + ["hatang/v1/\(a)/batch", "hatang/v1/\(a)/status"]
    let foreignToRead = topics.filter { $0 != "hatang/v1/\(a)/receipt" }
    for topic in foreignToRead { try insider.publish(topic, "kept", isRetained: true) }
    let client = try Client(province.options(certificateOf: a, clientID: "plain")).connect()
    for filter in [
      "#", "+/+/+/+", "hatang/#", "hatang/v1/+/receipt", "hatang/v1/\(b)/#",
      "hatang/v1/\(b)/receipt", "hatang/v1/+/batch", "hatang/v1/indicators/#", "$SYS/#",
      "$CONTROL/#", "$share/group/hatang/v1/+/batch", "$share/group/#",
    ] {
      // mosquitto 2.0 says yes to every subscription, and delivers only what may be read.
      try client.subscribe(filter)
    }
    for topic in foreignToRead { try insider.publish(topic, "live") }
    try insider.publish("hatang/v1/\(a)/receipt", "own")
    #expect(client.until { $0.texts.contains("own") })
    #expect(Set(client.messages.map(\.topic)) == ["hatang/v1/\(a)/receipt"])
    #expect(Set(client.texts) == ["own"])
  }

  @Test func `A's last will on a topic of B comes to nobody`() throws {
    let insider = try province.insider()
    try insider.subscribe("#")
    for topic in ["hatang/v1/\(b)/status", "hatang/v1/\(a)/status"] {
      var options = province.options(certificateOf: a, clientID: "will of \(topic)")
      options.will = Publication(topic: topic, payload: Array("dead".utf8), isRetained: true)
      let client = try Client(options)
      try client.connection.connect()
      // The broker may refuse such a will at once.
      #expect(client.until { $0.connection.isConnected || !$0.failures.isEmpty })
      client.connection.abandon()
    }
    #expect(insider.until { !$0.messages.isEmpty })
    #expect(insider.messages.map(\.topic) == ["hatang/v1/\(a)/status"])
  }

  @Test func `A cannot end the connections of B and of the aggregator by their client ids`() throws
  {
    let ofB = try province.uplink(of: b)
    let client = try Client(ofB).connect()
    try client.subscribe("hatang/v1/\(b)/receipt")
    let broker = try BrokerSettings(
      in: ConfigNode.parse(
        text: "{ broker: { host: \"127.0.0.1\", port: \(province.broker.port) } }", name: "a"),
      key: "broker", clientIDs: .ofThisRun)
    let own = broker.options(clientID: "hatang-aggregator")
    let aggregator = try Client(own).connect()
    for guess in ["hatang-\(b)-uplink", "hatang-aggregator", "hatang-indicators", b] {
      _ = try Client(province.options(certificateOf: a, clientID: guess)).connect()
    }
    try aggregator.publish("hatang/v1/\(b)/receipt", "still here")
    #expect(client.until { $0.texts == ["still here"] })
    #expect(client.failures.isEmpty && aggregator.failures.isEmpty)
    // What they are kept from: who knew an id could.
    _ = try Client(province.options(certificateOf: a, clientID: ofB.clientID)).connect()
    #expect(client.until { !$0.failures.isEmpty })
    #expect(ofB.clientID.wholeMatch(of: /hatang-kcn-10-uplink-[0-9a-f]{32}/) != nil)
    #expect(try province.uplink(of: b).clientID == ofB.clientID)
  }

  @Test func `without a certificate of the authority that is valid now nobody gets in`() throws {
    #expect(try province.isLetIn(province.options(certificateOf: b, clientID: "good")))
    #expect(try !province.isLetIn(province.options(certificateOf: nil, clientID: "none")))
    // Another authority's, for a name that is enrolled here.
    var foreign = province.authority
    foreign.folder = province.folder.file("foreign")
    foreign.brokerFolder = province.folder.file("foreign-broker")
    try CertificateAuthority.make(foreign)
    try province.enroll("kcn-3", at: foreign)
    #expect(try !province.isLetIn(province.options(certificateOf: "kcn-3", clientID: "foreign")))
    // One that ended yesterday.
    var brief = province.authority
    brief.agentDays = 1
    let past = wallClockMs() - 2 * 86_400_000
    let bundle = try CertificateAuthority(brief, nowMs: past).enroll("kcn-4", site: "", area: "")
    try Place.makeFolder(province.folder.file("kcn-4"), mode: 0o755)
    try Place.write(bundle.certificate, to: province.folder.file("kcn-4/agent.pem"), mode: 0o644)
    try Place.write(bundle.key ?? "", to: province.folder.file("kcn-4/agent.key"), mode: 0o600)
    #expect(try !province.isLetIn(province.options(certificateOf: "kcn-4", clientID: "expired")))
    // The broker's own, which is for servers.
    var options = province.options(certificateOf: nil, clientID: "broker")
    options.tls?.certificateFile = province.folder.file("hatang/broker.pem")
    options.tls?.keyFile = province.folder.file("hatang/broker.key")
    #expect(try !province.isLetIn(options))
    // And without TLS.
    options.tls = nil
    #expect(try !province.isLetIn(options))
  }

  @Test func `a revoked agent is cut off, gets in nowhere, and the others come back`() throws {
    let options = province.options(certificateOf: a, clientID: "open")
    let open = try Client(options).connect()
    #expect(try province.revoke(a) == 1)
    #expect(open.until { !$0.failures.isEmpty })
    #expect(try !province.isLetIn(options))
    #expect(try !province.isLetIn(province.options(certificateOf: a, clientID: "again")))
    #expect(try province.isLetIn(province.uplink(of: b)))
    // A new key under the old name gets in, the old one still does not.
    try Place.move(
      province.folder.file("\(a)/agent.pem"), to: province.folder.file("\(a)/old.pem"))
    try Place.move(
      province.folder.file("\(a)/agent.key"), to: province.folder.file("\(a)/old.key"))
    try province.enroll(a, at: province.authority)
    #expect(try province.isLetIn(province.uplink(of: a)))
    var old = options
    old.tls?.certificateFile = province.folder.file("\(a)/old.pem")
    old.tls?.keyFile = province.folder.file("\(a)/old.key")
    #expect(try !province.isLetIn(old))
  }
}
