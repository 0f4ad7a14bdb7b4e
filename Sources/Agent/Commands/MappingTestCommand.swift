package import Daemon
import Protocol

/// `hatang-agent mapping test FILE --topic TOPIC`: what a foreign device's payload becomes, and why
/// not where it becomes nothing. Nothing is published or stored.
package enum MappingTestCommand: Command {
  package static let usage = CommandLineParser.Command(
    "mapping test", "Shows what a foreign device's payload becomes, and why not.",
    vi: "Bản tin của thiết bị lạ thành số đo gì, hoặc vì sao không.",
    operands: "FILE", operandCount: 1...1,
    options: [
      .init(
        "topic", "TOPIC", help: "the topic on which the device publishes it",
        vi: "chủ đề mà thiết bị gửi"),
      .init(
        "mapping", "FILE", help: "tries the mapping in this file, not the configured ones",
        vi: "thử ánh xạ trong tệp này, không phải trong cấu hình"),
    ])

  package static func run(_ options: Options) throws -> ExitCode {
    guard let topic = options.value("topic") else {
      throw UsageError("mapping test needs --topic TOPIC; see hatang-agent mapping test --help")
    }
    let mappings: [Mapping]
    var payloadBytesMax = Int(AgentConfiguration.maxPayloadBytesDefault)
    if let file = options.value("mapping") {
      mappings = [try Mapping(ConfigNode.parse(file: file))]
    } else {
      let root = try AgentConfiguration.root(file: options.config)
      mappings = try MappingSettings(root["mappings"]).mappings
      payloadBytesMax = try AgentConfiguration.maxPayloadBytes(root)
    }
    let payload = try Files.read(options.operands[0], bytesMax: 64 << 20)
    let outcome = test(
      payload, topic: topic, mappings, payloadBytesMax: payloadBytesMax, arrivalMs: wallClockMs())
    Standard.output(outcome.text)
    return outcome.isTaken ? .done : .failed
  }

  /// - Returns: what a person reads, and whether all of the payload would be taken.
  package static func test(
    _ payload: [UInt8], topic: String, _ mappings: [Mapping], payloadBytesMax: Int,
    arrivalMs: Int64
  ) -> (text: String, isTaken: Bool) {
    var text = ""
    if let mapping = mappings.first(where: { $0.takes(topic) }) {
      text += "\(topic): ánh xạ / mapping \(mapping.name), \(mapping.kindName)\n"
      text += mapping.mapped(topic)?.trace(payload) ?? ""
    } else if Topic.measurement(in: topic) != nil {
      text +=
        "\(topic): chủ đề của hệ thống, không cần ánh xạ / one of our own topics, no mapping\n"
    } else {
      let known = mappings.map { "  \($0.topic) (mapping \($0.name))\n" }.joined()
      return (
        "\(topic): không ánh xạ nào nhận / no mapping takes it"
          + (known.isEmpty
            ? "; mappings trống / is empty\n" : "; đang có / there are:\n\(known)"),
        false
      )
    }
    var parser = PayloadParser(payloadBytesMax: payloadBytesMax, mappings: mappings)
    let found = parser.parse(topic: topic, payload: payload, arrivalMs: arrivalMs)
    let (taken, rejected) = (found.measurements.count, found.rejections.count)
    text += "nhận / taken \(taken), từ chối / rejected \(rejected)\n"
    for measurement in found.measurements { text += MeasurementText.line(measurement) }
    for rejection in found.rejections {
      text += "từ chối / rejected: \(rejection.field): \(rejection.reason)\n"
    }
    return (text, found.rejections.isEmpty && !found.measurements.isEmpty)
  }
}
