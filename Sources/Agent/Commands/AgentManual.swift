import Daemon

extension CommandLineParser.Manual {
  /// What hatang-agent(8) says beyond the commands' own texts.
  static let agent = CommandLineParser.Manual(
    description: [
      "hatang-agent runs on an edge host beside an MQTT broker. Devices publish measurements to "
        + "that broker under measure/<kind>/<source>; the agent takes them from there, keeps them "
        + "in a bounded buffer on disk, and sends them to the province's broker until the "
        + "aggregator says that it has committed them. A message is on disk before it is "
        + "acknowledged, and each measurement counts once, however often it is sent.",
      "To set up a site: write the configuration, start the service, and run check until every "
        + "line is green. Later, status says whether it collects and delivers, and why not.",
    ],
    commands: [
      "run": [
        "Started by systemd as hatang-agent.service. SIGHUP (systemctl reload) reads the "
          + "configuration again: a good one takes over, a bad one is refused with its reason and "
          + "the old one stays. SIGTERM ends it in order. Each line of its log is in the journal "
          + "with fields to filter by, such as HATANG_EVENT and HATANG_AGENT."
      ],
      "check": [
        "Goes through everything that has to be right on the host and names the remedy beside "
          + "what is not. It changes nothing and can be run beside the daemon."
      ],
      "status": ["Works when the daemon is down, too: then it shows its last words."],
    ],
    exitCodes: ExitCode.allCases,
    files: [
      .init("/etc/hatang/agent.json5", "The configuration. JSON5: comments are fine."),
      .init(
        "/usr/share/doc/hatang-agent/examples/agent.json5",
        "An example with every setting that most sites touch, explained."),
      .init("/var/lib/hatang-agent/buffer.db", "The buffer. It survives upgrade and removal."),
      .init("/run/hatang-agent/status.json", "What status shows."),
      .init(
        "/usr/share/hatang/mosquitto/",
        "Settings for the broker on this host: for loopback, and for devices on the site's "
          + "network with one password each."),
    ],
    examples: [
      .init("hatang-agent check", "Does it work here, and why not?"),
      .init("journalctl -u hatang-agent -p warning", "What it complained about."),
      .init("hatang-agent buffer export", "What is still held, one JSON object a line."),
    ],
    seeAlso: ["hatang-aggregator(8)", "mosquitto(8)", "mosquitto.conf(5)", "systemd.service(5)"])
}
