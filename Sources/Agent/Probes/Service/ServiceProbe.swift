import Daemon
import Protocol

/// Reads the counters of an online service once.
struct ServiceProbe {
  let settings: ServiceProbeSettings

  /// Exit codes of curl (curl(1), "EXIT CODES") that speak of TLS.
  private static let tlsCodes: Set<Int32> = [
    35, 51, 53, 54, 58, 59, 60, 66, 77, 80, 82, 83, 90, 91,
  ]
  private static let timedOut: Int32 = 28
  private static let tooLarge: Int32 = 63
  /// More than curl gives itself, so that it can say why.
  private static let curlSlack: Duration = .seconds(2)

  func measure(_ time: ProbeTime) throws(ProbeFailure) -> ProbeReading {
    let answer: CounterAnswer
    switch settings.way {
    case .command(let words):
      let outcome = try ProbeTool.run(
        words, within: time.forProgram(settings.timeout), bytesMax: settings.bytesMax)
      guard outcome.exitCode == 0 else {
        throw ProbeTool.failed(words[0], ProbeTool.words(outcome))
      }
      answer = try .lines(outcome.output)
    case .endpoint(let endpoint):
      let bytes = try fetch(endpoint, time)
      switch endpoint.format {
      case .prometheus: answer = try .prometheus(bytes)
      case .json: answer = .json(try ProbeTool.json(bytes, of: endpoint.url))
      }
    }
    return try reading(answer, timeMs: wallClockMs())
  }

  private func reading(
    _ answer: CounterAnswer, timeMs: Int64
  ) throws(ProbeFailure) -> ProbeReading {
    var rows: [String] = []
    var missing: [String] = []
    // One that cannot be, or is not there, does not take the others with it.
    var failure: ProbeFailure?
    for counter in settings.counters {
      let found: Int64?
      do throws(ProbeFailure) {
        found = try answer.value(counter.from)
      } catch {
        failure = failure ?? error
        continue
      }
      guard let value = found else {
        missing.append(counter.from)
        continue
      }
      var json = JSONWriter()
      json.beginObject()
      json.member("time", Double(timeMs) / 1_000)
      if let area = counter.area { json.member("area", area) }
      json.member("counter", counter.counter)
      json.member("value", value)
      json.endObject()
      rows.append(json.text)
    }
    if failure == nil, !missing.isEmpty {
      let shown = missing.prefix(5).joined(separator: ", ")
      failure = ProbeFailure(
        .incomplete,
        "thiếu \(missing.count) trong \(settings.counters.count) bộ đếm: \(shown)",
        "\(missing.count) of \(settings.counters.count) counters are missing: \(shown)")
    }
    return ProbeReading(
      rows: rows,
      text: Bilingual("\(rows.count) bộ đếm", "\(rows.count) counter\(rows.count == 1 ? "" : "s")"),
      failure: failure)
  }

  // MARK: curl

  private func fetch(
    _ endpoint: ServiceProbeSettings.Endpoint, _ time: ProbeTime
  ) throws(ProbeFailure) -> [UInt8] {
    let limit = try time.forProgram(settings.timeout, keeping: Self.curlSlack)
    let seconds = limit.components.seconds
    // A token on a command line could be read by every user; curl takes its options from its input.
    let options = try curlOptions(endpoint, seconds: seconds)
    let outcome = try ProbeTool.run(
      ["curl", "--config", "-"], input: Array(options.utf8),
      within: limit + Self.curlSlack, bytesMax: settings.bytesMax)
    switch outcome.exitCode {
    case 0: return outcome.output
    case Self.tooLarge:
      throw ProbeFailure(
        .nonsense, "\(endpoint.url) trả lời dài hơn \(settings.bytesMax) byte; kết quả bị bỏ",
        "\(endpoint.url) answers with more than \(settings.bytesMax) bytes; nothing of it is used")
    case Self.timedOut:
      throw ProbeFailure(
        .refused,
        "\(endpoint.url) không trả lời xong trong \(seconds) s",
        "\(endpoint.url) has not answered within \(seconds) s")
    case let code where Self.tlsCodes.contains(code):
      throw ProbeFailure(
        .refused, "chứng thư của \(endpoint.url) không được chấp nhận: \(ProbeTool.words(outcome))",
        "the certificate of \(endpoint.url) is not accepted: \(ProbeTool.words(outcome))")
    default:
      throw ProbeFailure(
        .refused, "không lấy được \(endpoint.url): \(ProbeTool.words(outcome))",
        "\(endpoint.url) cannot be fetched: \(ProbeTool.words(outcome))")
    }
  }

  private func curlOptions(
    _ endpoint: ServiceProbeSettings.Endpoint, seconds: Int64
  ) throws(ProbeFailure) -> String {
    var lines = [
      "url = \"\(endpoint.url)\"", "silent", "show-error", "fail", "proto = \"=http,https\"",
      "max-time = \(seconds)", "max-filesize = \(settings.bytesMax)",
    ]
    if let file = endpoint.caFile { lines.append("cacert = \"\(Self.escaped(file))\"") }
    if let file = endpoint.tokenFile {
      do throws(FileError) {
        var token = try Files.text(file, bytesMax: 8_192)
        while token.last?.isNewline == true { token.removeLast() }
        lines.append("header = \"Authorization: Bearer \(Self.escaped(token))\"")
      } catch {
        throw ProbeFailure(
          .failed, "không đọc được token_file: \(error)", "token_file cannot be read: \(error)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      if character == "\"" || character == "\\" { escaped.append("\\") }
      if !character.isNewline { escaped.append(character) }
    }
    return escaped
  }
}
