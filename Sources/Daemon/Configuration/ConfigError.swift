/// What is wrong with a configuration file, and what to do about it.
public struct ConfigError: Error, Equatable, CustomStringConvertible {
  /// As the caller named it.
  public let file: String
  /// 1, 2, …; `nil` where the file as a whole is at fault.
  public let line: Int?
  public let text: String

  public init(file: String, line: Int?, text: String) {
    self.file = file
    self.line = line
    self.text = text
  }

  /// `agent.json5:12: buffer.linger_ms is 90000, allowed 0…60000; lower it`
  public var description: String {
    guard let line else { return "\(file): \(text)" }
    return "\(file):\(line): \(text)"
  }
}
