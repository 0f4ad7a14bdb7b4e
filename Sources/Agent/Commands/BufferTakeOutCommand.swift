package import Daemon
package import Protocol

/// `hatang-agent buffer take-out FILE`: what the aggregator has not receipted, as batches in a
/// file, for a site whose uplink is dead. With the daemon or without it; the buffer stays as it is.
package enum BufferTakeOutCommand: Command {
  package static let usage = CommandLineParser.Command(
    "buffer take-out", "Writes what was not delivered to a file that a person carries.",
    vi: "Ghi số đo chưa gửi được ra tệp để mang về bằng tay.",
    operands: "FILE", operandCount: 1...1,
    options: [
      .init(
        "all", help: "everything held, also what was delivered",
        vi: "mọi thứ đang giữ, kể cả đã gửi")
    ])

  package static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AgentConfiguration(file: options.config)
    let target = options.operands[0]
    guard !Files.exists(target) else {
      throw FileError(
        "write", target, code: 0, hint: "the file exists; name another, or remove it")
    }
    let inspection = try BufferInspection(path: configuration.buffer.path)
    let file = try AtomicFile(target)
    var writer = TakeOutWriter()
    let nowMs = wallClockMs()
    try file.write(
      writer.begin(
        TakeOut.Head(
          agent: configuration.agent, madeMs: nowMs, program: "hatang-agent \(programVersion)")))
    let streams = try inspection.batches(ofEverythingHeld: options.has("all"), sentMs: nowMs) {
      try file.write(writer.add($0))
    }
    let isSound = streams.allSatisfy { $0.damagedAt == nil && !$0.isSalvaged }
    guard writer.totals.batches > 0 else {
      Standard.output(nothing(isAll: options.has("all")) + faults(streams))
      return isSound ? .done : .failed
    }
    try file.write(writer.end())
    try file.commit()
    Standard.output(
      summary(target, writer.totals, streams) + unconfirmed(inspection.unconfirmedCount)
        + faults(streams))
    return isSound ? .done : .failed
  }

  private static func nothing(isAll: Bool) -> String {
    let hint = isAll ? "" : "; --all takes what was delivered too"
    return "Không có số đo nào chờ gửi; không ghi tệp nào.\n"
      + "  nothing waits to be delivered, no file was written\(hint)\n"
  }

  package static func summary(
    _ file: String, _ totals: TakeOut.Totals, _ streams: [BufferInspection.CarriedStream]
  ) -> String {
    let carried = streams.count { !$0.span.isEmpty }
    return """
      \(file): \(totals.measurements) số đo, \(totals.batches) gói, \(carried) luồng. Bộ đệm giữ \
      nguyên.
        \(totals.measurements) measurements in \(totals.batches) batches of \(carried) streams; \
      the buffer keeps them
      → Ở tỉnh: hatang-aggregator ingest \(file)
        at the province, as above; what comes over the network as well counts once

      """
  }

  private static func unconfirmed(_ count: Int64) -> String {
    guard count > 0 else { return "" }
    return """
      ! Giờ của \(count) số đo chưa được xác nhận: máy này chưa từng đồng bộ giờ
        the times of \(count) measurements are not confirmed: this machine was never synchronised; \
      they are marked so
      → Nếu được: bật đồng bộ, đợi một phút, rồi lấy ra lần nữa: sudo timedatectl set-ntp true
        if you can, synchronise as above, wait a minute, and take out again

      """
  }

  private static func faults(_ streams: [BufferInspection.CarriedStream]) -> String {
    var text = ""
    for stream in streams where stream.isSalvaged {
      text += "✗ Luồng \(stream.id) đang được cứu từ bộ đệm hỏng, chưa mang đi được.\n"
      text += "  stream \(stream.id) is being salvaged: let hatang-agent run finish, then again\n"
    }
    for stream in streams {
      guard let first = stream.damagedAt else { continue }
      text += "✗ Luồng \(stream.id) hỏng ở số \(first); chỉ mang đi phần trước đó.\n"
      text += "  stream \(stream.id) is damaged at \(first) and carried up to there: "
      text += "hatang-agent run salvages the rest, then again\n"
    }
    return text
  }
}
