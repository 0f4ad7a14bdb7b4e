import Daemon

extension CommandLineParser.Manual {
  /// What hatang-aggregator(8) says beyond the commands' own texts.
  static let aggregator = CommandLineParser.Manual(
    description: [
      "hatang-aggregator runs in the province. It takes the agents' batches from the central MQTT "
        + "broker, commits each measurement once, confirms what is committed, and computes the "
        + "indicators of the province's plan from it: each with its interval, its bounds, the "
        + "share that was not measured, its age and its method. Results are on a page, in an API, "
        + "and as retained MQTT messages.",
      "Its own lists (indicators, agents, ledger) read the store while the daemon runs or is down.",
    ],
    commands: [
      "run": [
        "Started by systemd as hatang-aggregator.service. SIGHUP (systemctl reload) reads "
          + "configuration and tables again: good ones take over, bad ones are refused with their "
          + "reason and the old ones stay. SIGTERM ends it in order."
      ],
      "ledger": [
        "For each stream, what was received and what was declared lost must add up to the next "
          + "number expected; if it does not, the exit status is 1."
      ],
    ],
    files: [
      .init("/etc/hatang/aggregator.json5", "The configuration. JSON5: comments are fine."),
      .init(
        "/usr/share/doc/hatang-aggregator/examples/aggregator.json5",
        "An example with every setting, explained."),
      .init("/etc/hatang/population.csv", "The population table, which population replaces."),
      .init("/usr/share/hatang/", "The province's other tables: indicators, areas, outlines."),
      .init("/var/lib/hatang-aggregator/hatang.db", "The store."),
    ],
    examples: [
      .init("hatang-aggregator indicators", "The latest values, and what is missing."),
      .init("hatang-aggregator ledger --json", "What came and what is lost, for programs."),
      .init(
        "journalctl -u hatang-aggregator HATANG_AGENT=kcn-dong-van-1",
        "What it said about one agent."),
    ],
    seeAlso: ["hatang-agent(8)", "mosquitto(8)", "systemd.service(5)"])
}
