/// Chooses samples of Prometheus' text format: a metric's name, and labels that must be equal.
package struct PrometheusSelector: Equatable {
  package let name: String
  package let labels: [String: String]

  /// `nil` unless the text is `name` or `name{label="value",…}`.
  package init?(_ text: String) {
    guard let sample = PrometheusSample(line: "\(text) 0") else { return nil }
    (name, labels) = (sample.name, sample.labels)
  }

  /// The sum of all samples that fit; `nil` where none does. What is no number makes it none.
  package func sum(_ samples: [PrometheusSample]) -> Double? {
    var sum: Double?
    for sample in samples where sample.name == name {
      guard labels.allSatisfy({ sample.labels[$0.key] == $0.value }) else { continue }
      sum = (sum ?? 0) + sample.value
    }
    return sum
  }
}

/// One line of Prometheus' text format (version 0.0.4) or OpenMetrics.
package struct PrometheusSample: Equatable {
  package let name: String
  package let labels: [String: String]
  package let value: Double

  /// `nil` for what is no sample.
  package init?(line: String) {
    var rest = Substring(line).drop { $0 == " " || $0 == "\t" }
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
    guard let first = name.first, !first.isNumber else { return nil }
    rest = rest.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      guard PrometheusSample.labels(&rest, into: &labels) else { return nil }
    }
    // A value, and perhaps a time.
    let words = rest.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard rest.first == " " || rest.first == "\t", (1...2).contains(words.count),
      let value = Double(words[0])
    else { return nil }
    (self.name, self.labels, self.value) = (String(name), labels, value)
  }

  /// All samples of an answer; `nil` at the first line that is neither a sample nor a comment.
  package static func all(_ text: String) -> (samples: [PrometheusSample], fault: String?) {
    var samples: [PrometheusSample] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let content = line.drop { $0 == " " || $0 == "\t" }
      if content.isEmpty || content.first == "#" { continue }
      guard let sample = PrometheusSample(line: String(line)) else {
        return (samples, String(line.prefix(80)))
      }
      samples.append(sample)
    }
    return (samples, nil)
  }

  private static func labels(_ rest: inout Substring, into labels: inout [String: String]) -> Bool {
    while true {
      rest = rest.drop { $0 == " " || $0 == "," }
      if rest.first == "}" {
        rest = rest.dropFirst()
        return true
      }
      let name = rest.prefix { $0 != "=" && $0 != "}" }
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, rest.hasPrefix("=\"") else { return false }
      rest = rest.dropFirst(2)
      var value = ""
      var isClosed = false
      while let character = rest.popFirst() {
        if character == "\"" {
          isClosed = true
          break
        }
        guard character == "\\" else {
          value.append(character)
          continue
        }
        guard let escaped = rest.popFirst() else { return false }
        value.append(escaped == "n" ? "\n" : escaped)
      }
      guard isClosed else { return false }
      labels[name.trimmed] = value
    }
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
