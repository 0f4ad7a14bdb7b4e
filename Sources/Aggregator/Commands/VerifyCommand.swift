import Daemon

/// `hatang-aggregator verify`: whether the store is still what was written, as far as that can be
/// told; also of a backup.
enum VerifyCommand: Command {
  static let usage = CommandLineParser.Command(
    "verify", "Reads the whole store, or a backup, and makes its state again to compare.",
    vi: "Đọc toàn bộ kho, hoặc một bản sao lưu, và tính lại trạng thái để so sánh.",
    operands: "[FILE]", operandCount: 0...1)

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    let path = options.operands.first ?? configuration.storePath
    Thread.stepBack()
    let reader = try StoreReader(path: path)
    let began = monotonicNow()
    var findings = try StoreVerification.findings(reader)
    if findings.isEmpty {
      // Beside the store, where there is room for another one or the error says so.
      let copy = configuration.storePath + ".verify"
      defer { remove(copy) }
      remove(copy)
      try expectRoom(for: path, at: copy)
      let rules = StateRules(configuration.method, keepRawDays: configuration.keepRawDays)
      findings = try StoreVerification.findings(reader, rules: rules, copy: copy)
    }
    guard findings.isEmpty else {
      for finding in findings { Standard.error("\(path): \(finding)\n") }
      let help = StoreVerification.help
      Standard.error(
        "nếu store.keep_raw_days vừa đổi, ô và số đọc có thể khác mà không hỏng\n"
          + "  where store.keep_raw_days was changed lately, cells and readings may differ so\n"
          + "kho bị hỏng; \(help.vi)\n  the store is damaged; \(help.en)\n")
      return .failed
    }
    let ledger = try LedgerReport(reader)
    let received = ledger.total(\.received)
    let seconds = (monotonicNow() - began).inSeconds
    Standard.output(
      """
      \(path): \(received) số đo của \(ledger.streams.count) luồng; cấu trúc, sổ và trạng thái \
      nguyên vẹn, \(seconds) giây
        \(received) measurements of \(ledger.streams.count) streams; structure, ledger and state \
      are sound, \(seconds) s

      """)
    return .done
  }

  private static func remove(_ copy: String) {
    for path in [copy, StoreVerification.kept(beside: copy)] {
      for suffix in ["", "-wal", "-shm", "-journal"] { try? Files.remove(path + suffix) }
    }
  }

  /// Ingest must not run out of disk for it.
  private static func expectRoom(for path: String, at copy: String) throws {
    let needed = 3 * (Files.byteCount(path) ?? 0) + 100_000_000
    let free = try Files.freeBytes(Files.directory(of: copy))
    guard free >= needed else {
      throw StoreError(
        "copy", path, "\(free / 1_000_000) MB are free, \(needed / 1_000_000) MB are needed",
        hint: "free space, or verify a backup on another host")
    }
  }
}
