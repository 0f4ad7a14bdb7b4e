package import Daemon
import Indicators

/// `hatang-aggregator watch`: the operators' page in a terminal, refreshing. Reads the store
/// beside the daemon; what only the daemon knows (its connection, a rebuild, its clock) it asks the
/// daemon for, and says so where that does not answer.
package enum WatchCommand: Command {
  package static let usage = CommandLineParser.Command(
    "watch", "Problems, agents and ledger, refreshing; Ctrl-C ends it.",
    vi: "Sự cố, trạm và sổ cái, tự làm mới; Ctrl-C để thoát.",
    options: [
      CommandLineParser.Option(
        "every", "SECONDS", help: "between two looks; 2",
        vi: "giây giữa hai lần xem; 2"),
      CommandLineParser.Option(
        "once", help: "one look, for pipes",
        vi: "xem một lần"),
      CommandLineParser.Option(
        "english", help: "in English",
        vi: "bằng tiếng Anh"),
    ])

  /// Lines of agents that a screen has room for.
  private static let agentsMax = 20

  package static func run(_ options: Options) throws -> ExitCode {
    let seconds = try options.integer("every", in: 1...3_600) ?? 2
    let configuration = try AggregatorConfiguration.read(options.config)
    let indicators = try IndicatorTable(file: configuration.indicatorsPath)
    let store = try StoreReader(path: configuration.storePath)
    let language: Language = options.has("english") ? .en : .vi
    let isOnce = options.has("once") || !Standard.isOutputTerminal
    var before: (received: Int64, at: Duration)?
    var poller = Poller()
    while true {
      let daemon = DaemonReadiness.ask(configuration.http)
      let facts = try OperationsFacts(
        store, indicators: indicators, ingest: try? daemon.get(),
        agentAreas: configuration.agentAreas,
        authority: AuthorityIndex(file: configuration.authority.indexFile),
        nowMs: wallClockMs())
      let now = monotonicNow()
      let received = facts.ledger.total(\.received)
      let rate = before.map { Double(received - $0.received) / (now - $0.at).inSeconds }
      before = (received, now)
      var silence: String?
      if case .failure(let error) = daemon { silence = "\(error)" }
      let screen = text(
        facts, rate: rate, silence: silence, language: language,
        utcOffset: configuration.method.utcOffsetMinutes)
      // Home, the screen, and what is left of the one before.
      Standard.output(isOnce ? screen : "\u{1b}[H" + cleared(screen) + "\u{1b}[J")
      if isOnce { return .done }
      try poller.wait(timeout: .seconds(seconds))
    }
  }

  /// Each line overwrites the whole of the one before.
  private static func cleared(_ screen: String) -> String {
    screen.replacing("\n", with: "\u{1b}[K\n")
  }

  /// - Parameters:
  ///   - rate: measurements a second since the last look.
  ///   - silence: why the daemon told nothing of itself; `nil`: it did.
  package static func text(
    _ facts: OperationsFacts, rate: Double?, silence: String? = nil, language: Language,
    utcOffset: Int
  ) -> String {
    let times = DateText(language: language, utcOffsetMinutes: utcOffset, nowMs: facts.nowMs)
    let problems = Problem.all(facts)
    var text = "Hạ Tầng \(programVersion) · \(times.moment(facts.nowMs))\n\n"
    if let silence {
      text += language.pick(
        """
        !! Bộ tổng hợp không trả lời: \(visible(silence))
           → systemctl status hatang-aggregator; chưa rõ: kết nối máy chủ MQTT, việc tính lại và \
        đồng hồ của máy chủ này

        """,
        """
        !! The aggregator does not answer: \(visible(silence))
           → systemctl status hatang-aggregator; not known: the connection to the broker, a \
        rebuild and this server's clock

        """)
    } else if problems.isEmpty {
      text += language.pick("Không có vấn đề nào.\n", "No problem.\n")
    }
    for problem in problems.prefix(agentsMax) {
      let mark = problem.condition.severity == .critical ? "!!" : " !"
      text += "\(mark) \(visible(language.of(problem.sentence)))\n"
      text += "   → \(language.of(problem.condition.remedy))\n"
    }
    if problems.count > agentsMax { text += "   … +\(problems.count - agentsMax)\n" }
    return text + "\n" + sums(facts, rate, language) + "\n"
      + agents(facts, problems, language, times)
  }

  private static func sums(
    _ facts: OperationsFacts, _ rate: Double?, _ language: Language
  ) -> String {
    let ledger = facts.ledger
    let (received, lost, next) = (
      language.whole(ledger.total(\.received)), language.whole(ledger.total(\.lost)),
      language.whole(ledger.total(\.next))
    )
    let sign = ledger.isBalanced ? "✓" : language.pick("✗ KHÔNG KHỚP", "✗ DOES NOT ADD UP")
    let speed = rate.map { " · \(language.number($0, decimals: 1))/s" } ?? ""
    return language.pick(
      "Nhận \(received) + khai mất \(lost) = gửi \(next) \(sign)\(speed)\n",
      "Received \(received) + declared lost \(lost) = sent \(next) \(sign)\(speed)\n")
      + language.pick("Kho ", "Store ") + language.bytes(facts.store.bytes)
      + language.pick(" · ổ đĩa còn trống ", " · disk free ")
      + language.bytes(facts.store.freeBytes) + "\n"
  }

  private static func agents(
    _ facts: OperationsFacts, _ problems: [Problem], _ language: Language, _ times: DateText
  ) -> String {
    var table = TextTable([
      (language.pick("TRẠM", "AGENT"), .left), (language.pick("TRẠNG THÁI", "STATE"), .left),
      (language.pick("THẤY", "SEEN"), .right), (language.pick("ĐANG CHỜ", "WAITING"), .right),
      (language.pick("CŨ NHẤT", "OLDEST"), .right), (language.pick("ĐỒNG HỒ", "CLOCK"), .right),
      (language.pick("BỊ LOẠI", "REJECTED"), .right),
    ])
    let shown = AgentQuery().sorted(facts.agents, inTrouble: Set(problems.compactMap(\.agent)))
    for agent in shown.prefix(agentsMax) {
      let texts = AgentTexts(agent: agent, language: language, times: times)
      table.add([
        visible(agent.name), texts.state, texts.seen, texts.backlog, texts.oldest, texts.clock,
        texts.rejected,
      ])
    }
    let more = shown.count - agentsMax
    return table.text + (more > 0 ? "… +\(more)\n" : "")
  }

  /// Without what would steer a terminal: names and texts come from outside.
  private static func visible(_ text: String) -> String {
    let shown = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
    return String(String.UnicodeScalarView(shown))
  }
}
