/// The topics that both sides agree on.
public enum Topic {
  /// What the agent subscribes to on the local broker: `measure/<kind>/<source>`.
  public static let measurements = "measure/#"

  public static func measurement(_ kind: Kind, source: String) -> String {
    "measure/\(kind.name)/\(source)"
  }

  public static func batch(agent: String) -> String { "\(root)/\(agent)/batch" }
  public static func receipt(agent: String) -> String { "\(root)/\(agent)/receipt" }
  public static func status(agent: String) -> String { "\(root)/\(agent)/status" }
  public static func indicator(code: String) -> String { "\(root)/indicators/\(code)" }

  /// What the aggregator subscribes to.
  public static let allBatches = "\(root)/+/batch"
  public static let allStatuses = "\(root)/+/status"

  /// The agent in `hatang/v1/<agent>/<leaf>`; `nil` for any other topic.
  public static func agent(in topic: String, leaf: String) -> String? {
    let parts = topic.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "hatang", parts[1] == "v1", parts[3] == leaf,
      AgentName.isLegal(parts[2])
    else { return nil }
    return String(parts[2])
  }

  /// Kind and source of `measure/<kind>/<source>`; `nil` for any other topic. A source may have
  /// several levels.
  public static func measurement(in topic: String) -> (kind: Kind, source: String)? {
    let parts = topic.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "measure", let kind = Kind(name: parts[1]),
      !parts[2].isEmpty, parts[2].utf8.count <= TextLimit.source
    else { return nil }
    return (kind, String(parts[2]))
  }

  private static let root = "hatang/v1"
}

/// An agent's name: it names topics and the certificate.
public enum AgentName {
  public static let legalText = "a-z 0-9 -, 1…64 characters; not \"indicators\""

  public static func isLegal(_ name: some StringProtocol) -> Bool {
    let utf8 = name.utf8
    // `hatang/v1/indicators/<code>` is the aggregator's own branch.
    return (1...64).contains(utf8.count) && name != "indicators"
      && utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
  }
}
