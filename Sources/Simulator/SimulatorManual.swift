import Daemon

extension CommandLineParser.Manual {
  /// What hatang-simulator(8) says beyond the options' own texts.
  static let simulator = CommandLineParser.Manual(
    description: [
      "hatang-simulator publishes to local brokers what a fleet of drive-test phones, speed-test "
        + "probes and service desks would: first the past days, then the present at an even rate. "
        + "With --flood it is a load instead. Everything it publishes is marked as simulated, and "
        + "an aggregator leaves it out unless its configuration accepts simulated data.",
      "SIGTERM and SIGINT end it after what is under way has been acknowledged.",
    ],
    files: [
      .init("/usr/share/hatang-simulator/population.csv", "Where people live, so that devices do.")
    ],
    examples: [
      .init("hatang-simulator", "A fleet on the broker of this host."),
      .init("hatang-simulator --flood 10000 --rate 300", "10,000 samples at 300 a second."),
    ],
    seeAlso: ["hatang-agent(8)", "hatang-aggregator(8)"])
}
