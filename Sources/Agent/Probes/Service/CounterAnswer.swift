package import Daemon

/// What a service answered, in one of the three forms, and how a counter is found in it. Pure.
package enum CounterAnswer {
  case samples([PrometheusSample])
  case json(ConfigNode)
  case words([String: Double])

  package static func prometheus(_ bytes: [UInt8]) throws(ProbeFailure) -> CounterAnswer {
    let (text, rest) = split(bytes)
    let (samples, fault) = PrometheusSample.all(text)
    if let fault {
      throw ProbeFailure(
        .nonsense, "không phải định dạng của Prometheus: \(fault)",
        "no text of Prometheus: \(fault)")
    }
    // OpenMetrics lets this line end without one.
    if rest != "# EOF" { try expectWhole(rest) }
    return .samples(samples)
  }

  /// Lines of a name and a value, each with its line feed; empty lines and those with # count for
  /// nothing.
  package static func lines(_ bytes: [UInt8]) throws(ProbeFailure) -> CounterAnswer {
    var values: [String: Double] = [:]
    let (text, rest) = split(bytes)
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      if words.isEmpty { continue }
      guard words.count == 2, let value = Double(words[1]) else {
        throw ProbeFailure(
          .nonsense, "dòng không phải \"tên giá-trị\": \(line.prefix(80))",
          "a line is no \"name value\": \(line.prefix(80))")
      }
      values[String(words[0])] = value
    }
    try expectWhole(rest)
    return .words(values)
  }

  /// Whole lines, and what comes after the last line feed.
  private static func split(_ bytes: [UInt8]) -> (text: String, rest: String) {
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return (
      String(decoding: bytes[..<end], as: UTF8.self), String(decoding: bytes[end...], as: UTF8.self)
    )
  }

  /// Without its line feed nobody can tell a last line of 12 from half of one of 1234, and a
  /// counter that is too small is taken for one that has begun anew.
  private static func expectWhole(_ rest: String) throws(ProbeFailure) {
    guard !rest.isEmpty else { return }
    throw ProbeFailure(
      .cutShort,
      "trả lời bị đứt giữa chừng, dòng cuối không có dấu xuống dòng: \(rest.prefix(80))",
      "the answer ends in the middle, its last line has no line feed: \(rest.prefix(80))")
  }

  /// `nil` where the answer does not have it.
  package func value(_ from: String) throws(ProbeFailure) -> Int64? {
    let found: Double?
    switch self {
    case .samples(let samples): found = PrometheusSelector(from).flatMap { $0.sum(samples) }
    case .words(let values): found = values[from]
    case .json(let root):
      guard let node = Self.node(root, from), !node.isNull else { return nil }
      // Some services write their numbers as texts.
      found = Double(node.plain)
      if found == nil { throw Self.illegal(from, node.plain) }
    }
    guard let found else { return nil }
    guard (0...9_007_199_254_740_992).contains(found), let whole = Int64(exactly: found) else {
      throw Self.illegal(from, "\(found)")
    }
    return whole
  }

  /// `data.totals[2].received`, key by key.
  private static func node(_ root: ConfigNode, _ path: String) -> ConfigNode? {
    var node: ConfigNode? = root
    for part in path.split(separator: ".") {
      let pieces = part.split(separator: "[")
      if let key = pieces.first, !part.hasPrefix("[") { node = node?[String(key)] }
      for piece in part.hasPrefix("[") ? pieces[...] : pieces.dropFirst() {
        guard piece.hasSuffix("]"), let index = Int(piece.dropLast()),
          let nodes = try? node?.array(), nodes.indices.contains(index)
        else { return nil }
        node = nodes[index]
      }
    }
    return node
  }

  private static func illegal(_ from: String, _ value: String) -> ProbeFailure {
    ProbeFailure(
      .outOfRange, "\(from) là \(value.prefix(60)), cho phép số nguyên 0…2^53; kết quả bị bỏ",
      "\(from) is \(value.prefix(60)), allowed a whole number 0…2^53; the reading is not used")
  }
}
