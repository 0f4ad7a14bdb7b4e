/// A command line that was understood.
public struct Options: Equatable, Sendable {
  /// Name of the command; empty for a program without commands.
  public internal(set) var command: String
  /// The configuration's file.
  public internal(set) var config: String
  /// In the order given.
  public internal(set) var operands: [String] = []
  private var given: [Given] = []

  private struct Given: Equatable {
    let name: String
    let value: String
  }

  init(command: String, config: String) {
    self.command = command
    self.config = config
  }

  mutating func add(_ name: String, _ value: String) {
    given.append(Given(name: name, value: value))
  }

  /// Whether an option was given.
  public func has(_ name: String) -> Bool { given.contains { $0.name == name } }

  /// The option's value, the last one where it was given several times; `nil` where it was not.
  public func value(_ name: String) -> String? { given.last { $0.name == name }?.value }

  /// All values of an option that may be given several times.
  public func values(_ name: String) -> [String] {
    given.filter { $0.name == name }.map(\.value)
  }

  public func integer(
    _ name: String, in range: ClosedRange<Int64>
  ) throws(UsageError) -> Int64? {
    guard let text = value(name) else { return nil }
    guard let number = Int64(text) else {
      throw UsageError("--\(name) is \(text), but must be a whole number; change it")
    }
    guard range.contains(number) else {
      let remedy = number > range.upperBound ? "lower" : "raise"
      throw UsageError(
        "--\(name) is \(text), allowed \(range.lowerBound)…\(range.upperBound); \(remedy) it")
    }
    return number
  }

  /// - Parameter legal: what `isLegal` accepts, in words.
  public func string(
    _ name: String, legal: String, where isLegal: (String) -> Bool
  ) throws(UsageError) -> String? {
    guard let text = value(name) else { return nil }
    guard isLegal(text) else {
      throw UsageError("--\(name) is \(text), allowed \(legal); change it")
    }
    return text
  }
}
