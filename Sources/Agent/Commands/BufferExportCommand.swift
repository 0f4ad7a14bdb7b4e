package import Daemon
import Glibc
package import Protocol

/// `hatang-agent buffer export`: the measurements held, with the fields of payloads, for people and
/// their programs. Not a way to carry data to the aggregator: that is `buffer take-out`.
package enum BufferExportCommand: Command {
  package static let usage = CommandLineParser.Command(
    "buffer export", "Writes the measurements held as JSON lines or CSV.",
    vi: "Xuất các số đo đang giữ ra dòng JSON hoặc CSV.",
    options: [
      .init(
        "kind", "KIND", help: "only this one: coverage, broadband, service, check",
        vi: "chỉ loại này: coverage, broadband, service, check"),
      .init(
        "from", "TIME", help: "measured then or later: RFC 3339, or a day, which begins +07:00",
        vi: "đo từ lúc đó: RFC 3339, hoặc một ngày, tính theo +07:00"),
      .init(
        "to", "TIME", help: "measured before then",
        vi: "đo trước lúc đó"),
      .init(
        "format", "FORMAT", help: "jsonl, which is usual, or csv",
        vi: "jsonl (mặc định) hoặc csv"),
      .init(
        "output", "FILE", help: "in place of standard output; appears when it is whole",
        vi: "thay cho màn hình; tệp chỉ hiện khi đã đủ"),
    ])

  /// What is to be written, and how.
  package struct Selection: Equatable {
    package var kind: Kind?
    /// ms since 1970, the end exclusive.
    package var fromMs = Int64.min
    package var toMs = Int64.max
    package var isCSV = false

    package init(_ options: Options) throws(UsageError) {
      let kinds = Kind.allCases.map(\.name).joined(separator: ", ")
      let word = try options.string("kind", legal: kinds) { Kind(name: $0[...]) != nil }
      kind = word.flatMap { Kind(name: $0[...]) }
      let format = try options.string("format", legal: "jsonl, csv") {
        ["jsonl", "csv"].contains($0)
      }
      isCSV = format == "csv"
      fromMs = try Selection.time("from", options) ?? fromMs
      toMs = try Selection.time("to", options) ?? toMs
      guard fromMs < toMs else {
        throw UsageError("--from is not before --to, so nothing can be between; change one")
      }
    }

    private static func time(_ name: String, _ options: Options) throws(UsageError) -> Int64? {
      let text = try options.string(
        name, legal: "2026-11-24, or 2026-11-24T09:00:00+07:00", where: { parsed($0) != nil })
      return text.flatMap(parsed)
    }

    private static func parsed(_ text: String) -> Int64? {
      RFC3339.parse(text) ?? RFC3339.parse("\(text)T00:00:00+07:00")
    }

    func takes(_ measurement: Measurement) -> Bool {
      (kind == nil || kind == measurement.kind) && measurement.timeMs >= fromMs
        && measurement.timeMs < toMs
    }

    /// The lines before the first measurement.
    var head: String { isCSV ? MeasurementText.csvHead(of: kind) : "" }

    func line(
      _ stream: StreamID, _ number: SequenceNumber, _ measurement: Measurement
    ) -> String {
      isCSV
        ? MeasurementText.csvLine(stream, number, measurement, of: kind)
        : MeasurementText.line(stream, number, measurement)
    }
  }

  /// Bytes that are written at once.
  private static let chunkBytes = 1 << 16

  package static func run(_ options: Options) throws -> ExitCode {
    let selection = try Selection(options)
    let configuration = try AgentConfiguration(file: options.config)
    let inspection = try BufferInspection(path: configuration.buffer.path)
    let unreadable: Int
    if let path = options.value("output") {
      let file = try AtomicFile(path)
      unreadable = try export(inspection, selection) { (bytes) throws(FileError) in
        try file.write(bytes)
      }
      try file.commit()
    } else {
      do {
        unreadable = try export(inspection, selection) { (bytes) throws(FileError) in
          try Files.write(bytes, to: STDOUT_FILENO, name: "standard output")
        }
      } catch let error as FileError where error.code == EPIPE {
        // Who reads only the beginning has what it wants.
        return .done
      }
    }
    guard unreadable > 0 else { return .done }
    Standard.error(
      "hatang-agent buffer export: \(unreadable) đoạn hỏng bị bỏ; xem: hatang-agent buffer verify\n"
        + "  \(unreadable) segments are damaged and left out; see buffer verify\n")
    return .failed
  }

  /// - Returns: segments that could not be read.
  private static func export(
    _ inspection: BufferInspection, _ selection: Selection,
    _ write: ([UInt8]) throws(FileError) -> Void
  ) throws -> Int {
    var lines = Array(selection.head.utf8)
    let unreadable = try inspection.measurements { stream, number, measurement in
      guard selection.takes(measurement) else { return true }
      lines += selection.line(stream, number, measurement).utf8
      guard lines.count > chunkBytes else { return true }
      try write(lines)
      lines.removeAll(keepingCapacity: true)
      return true
    }
    try write(lines)
    return unreadable
  }
}
