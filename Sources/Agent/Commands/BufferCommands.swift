import Daemon
import Protocol

/// `hatang-agent buffer info`: what the buffer holds.
enum BufferInfoCommand: Command {
  static let usage = CommandLineParser.Command(
    "buffer info", "Shows the buffer's streams, what waits and what is lost.",
    vi: "Các luồng của bộ đệm, còn gì chờ, đã mất gì.",
    options: [Commands.json])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AgentConfiguration(file: options.config)
    let inspection = try BufferInspection(path: configuration.buffer.path)
    let streams = try inspection.streams()
    let boots = try inspection.boots().boots
    Standard.output(
      options.has("json")
        ? json(inspection.path, streams, boots) : text(inspection.path, streams, boots))
    return .done
  }

  /// Boots that are shown: the newest.
  private static let bootsMax = 10

  static func text(
    _ path: String, _ streams: [BufferInspection.Stream], _ boots: [BootTable.Boot]
  ) -> String {
    let bytes = Files.byteCount(path) ?? 0
    let log = Files.byteCount(path + "-wal") ?? 0
    var text = "\(path): \(bytes) byte, nhật ký / log \(log) byte\n"
    for stream in streams {
      let salvaged = stream.isWhole ? "" : " (đang được cứu / being salvaged)"
      text += "luồng / stream \(stream.id)\(salvaged)\n"
      text += "  số kế \(stream.next), đã có biên nhận \(stream.acknowledged), "
      text += "chờ gửi \(stream.waiting)\n"
      text += "    next \(stream.next), acknowledged \(stream.acknowledged), "
      text += "\(stream.waiting) waiting\n"
      let from = stream.oldestHeld.map { Bilingual(", từ số \($0)", ", from \($0) on") }
      text += "  giữ \(stream.held) số đo trong \(stream.segments) đoạn\(from?.vi ?? "")\n"
      text += "    \(stream.held) measurements held in \(stream.segments) segments"
      text += "\(from?.en ?? "")\n"
      for hole in stream.holes {
        text += "  mất / lost \(hole.first)…\(hole.last): \(hole.reason.name)\n"
      }
    }
    for boot in boots.suffix(bootsMax) {
      text += "lần bật máy / boot \(String(UInt64(bitPattern: boot.boot), radix: 16))"
      guard let offset = boot.offset else {
        text += ": chưa biết giờ / time not known\n"
        continue
      }
      text += " \(RFC3339.format(ms: offset.offsetMs)): "
      text += "biết giờ nhờ / time known by \(offset.evidence.name), ± \(offset.accuracyMs) ms\n"
    }
    return text
  }

  static func json(
    _ path: String, _ streams: [BufferInspection.Stream], _ boots: [BootTable.Boot]
  ) -> String {
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("path", path)
    json.member("bytes", Files.byteCount(path) ?? 0)
    json.member("log_bytes", Files.byteCount(path + "-wal") ?? 0)
    json.key("streams")
    json.beginArray()
    for stream in streams {
      json.beginObject()
      json.member("stream", stream.id.description)
      json.member("next", stream.next)
      json.member("acknowledged", stream.acknowledged)
      json.member("waiting", stream.waiting)
      json.member("held", stream.held)
      json.member("oldest_held", stream.oldestHeld)
      json.member("segments", stream.segments)
      json.member("salvaging", !stream.isWhole)
      json.key("holes")
      json.beginArray()
      for hole in stream.holes {
        json.beginObject()
        json.member("first", hole.first)
        json.member("last", hole.last)
        json.member("reason", hole.reason.name)
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
    json.endArray()
    json.key("boots")
    json.beginArray()
    for boot in boots.suffix(bootsMax) {
      json.beginObject()
      json.member("boot", String(UInt64(bitPattern: boot.boot), radix: 16))
      json.member("started_at", timeMs: boot.offset?.offsetMs)
      json.member("time_known_by", boot.offset?.evidence.name)
      json.member("accuracy_ms", boot.offset?.accuracyMs)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text + "\n"
  }
}

/// `hatang-agent buffer verify`: whether every segment is what was written, and can be read.
enum BufferVerifyCommand: Command {
  static let usage = CommandLineParser.Command(
    "buffer verify", "Reads every segment of the buffer and checks it.",
    vi: "Đọc và kiểm tra từng đoạn của bộ đệm.", options: [Commands.json])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AgentConfiguration(file: options.config)
    let inspection = try BufferInspection(path: configuration.buffer.path)
    let verdict = try inspection.verify()
    Standard.output(
      options.has("json") ? json(verdict) : text(inspection.path, verdict))
    return verdict.isSound ? .done : .failed
  }

  static func text(_ path: String, _ verdict: BufferInspection.Verdict) -> String {
    let found = Bilingual(
      "\(path): \(verdict.segments) đoạn, \(verdict.measurements) số đo",
      "  \(verdict.segments) segments, \(verdict.measurements) measurements")
    if verdict.isSound {
      return "\(found.vi), tất cả nguyên vẹn\n\(found.en), all sound\n"
    }
    let damaged = verdict.faults.count
    var text = "\(found.vi), \(damaged) đoạn hỏng\n\(found.en), \(damaged) segments damaged\n"
    if verdict.integrity != "ok" { text += "  SQLite: \(verdict.integrity)\n" }
    for fault in verdict.faults {
      let stream = fault.stream.map(\.description) ?? "?"
      text += "  luồng / stream \(stream), đoạn / segment \(fault.first): \(fault.text)\n"
    }
    return text
      + "→ sudo systemctl restart hatang-agent: dịch vụ để riêng bộ đệm hỏng và cứu phần đọc được\n"
      + "  hatang-agent run sets a damaged buffer aside and salvages what can be read\n"
  }

  static func json(_ verdict: BufferInspection.Verdict) -> String {
    var json = JSONWriter(isPretty: true)
    json.beginObject()
    json.member("sound", verdict.isSound)
    json.member("segments", verdict.segments)
    json.member("measurements", verdict.measurements)
    json.member("integrity", verdict.integrity)
    json.key("faults")
    json.beginArray()
    for fault in verdict.faults {
      json.beginObject()
      json.member("stream", fault.stream?.description)
      json.member("first", fault.first)
      json.member("error", fault.text)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.text + "\n"
  }
}
