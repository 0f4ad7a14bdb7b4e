import Daemon

/// `hatang-aggregator backup FILE`: a copy of the store, while the daemon runs.
enum BackupCommand: Command {
  static let usage = CommandLineParser.Command(
    "backup", "Copies the store to a file while the daemon runs.",
    vi: "Chép kho ra một tệp trong lúc dịch vụ chạy.", operands: "FILE",
    operandCount: 1...1)

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let target = options.operands[0]
    guard !Files.exists(target) else {
      throw StoreError(
        "back up to", target, "the file exists",
        hint: "name another file, or remove it: a backup never overwrites one")
    }
    Thread.stepBack()
    let reader = try StoreReader(path: configuration.storePath)
    let began = monotonicNow()
    try reader.backup(to: target)
    // A copy of what is damaged is no backup; better known now than when it is needed.
    do throws(StoreError) {
      try StoreVerification.expectSound(target)
    } catch {
      try Files.move(target, to: target + ".damaged")
      throw error
    }
    let ledger = try LedgerReport(try StoreReader(path: target))
    let received = ledger.total(\.received)
    let seconds = (monotonicNow() - began).inSeconds
    Standard.output(
      "\(target): \(received) số đo của \(ledger.streams.count) luồng, \(seconds) giây\n"
        + "  \(received) measurements of \(ledger.streams.count) streams, \(seconds) s\n")
    return .done
  }
}
