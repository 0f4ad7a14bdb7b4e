/// Which agents the operators' page shows, and in which order: its query, checked.
struct AgentQuery {
  var sort = Column.state
  var isDescending = false
  var area: String?
  var state: State?
  /// Part of a name; `nil`: all.
  var find: String?
  /// 1, 2, …
  var page = 1

  /// Columns of the table; the raw value stands in the address.
  enum Column: String, CaseIterable {
    case state, agent, area, seen, backlog, oldest, data, clock, version, certificate, wear,
      rejected
  }

  enum State: String, CaseIterable {
    case problem, online, offline
  }

  /// Characters that are searched for at most.
  static let findMax = 64

  init() {}

  /// - Parameter areas: legal for `area`.
  init(_ request: HTTPRequest, areas: [String]) throws(IllegalQuery) {
    for item in request.query where item.name != "lang" {
      let value = item.value
      switch item.name {
      case "sort":
        sort = try AgentQuery.word(item, Column.allCases.map(\.rawValue)) { Column(rawValue: $0) }
      case "order":
        isDescending = try AgentQuery.word(item, ["asc", "desc"]) { $0 == "desc" }
      case "state":
        state = try AgentQuery.word(item, State.allCases.map(\.rawValue)) { State(rawValue: $0) }
      case "find":
        guard value.count <= AgentQuery.findMax else {
          throw IllegalQuery(
            "find có \(value.count) ký tự; nhiều nhất \(AgentQuery.findMax).",
            "find has \(value.count) characters; at most \(AgentQuery.findMax).")
        }
        find = value.isEmpty ? nil : value
      case "area": area = try AgentQuery.word(item, areas) { $0 }
      case "page":
        guard let number = Int(value), (1...1_000_000).contains(number) else {
          throw IllegalQuery(
            "page=\(value.prefix(60)) không dùng được; hãy ghi 1…1000000.",
            "page=\(value.prefix(60)) means nothing; give 1…1000000.")
        }
        page = number
      default:
        let known = "lang, sort, order, state, area, find, page"
        throw IllegalQuery(
          "Ở đây không có \(item.name.prefix(60)); có \(known).",
          "There is no \(item.name.prefix(60)) here; there are \(known).")
      }
    }
  }

  struct IllegalQuery: Error {
    let text: LocalText

    init(_ vi: String, _ en: String) { text = LocalText(vi: vi, en: en) }
  }

  private static func word<Value>(
    _ item: HTTPRequest.QueryItem, _ legal: [String], _ make: (String) -> Value?
  ) throws(IllegalQuery) -> Value {
    guard legal.contains(item.value), let value = make(item.value) else {
      let (given, words) = (item.value.prefix(60), legal.joined(separator: ", "))
      throw IllegalQuery(
        "\(item.name)=\(given) không dùng được; có \(words).",
        "\(item.name)=\(given) means nothing; there are \(words).")
    }
    return value
  }

  /// The address of this view.
  ///
  /// - Parameter place: where on the page it leads; `nil`: to its top.
  func address(_ language: Language, at place: String? = "agents") -> String {
    let words = words(language).map { "\($0)=\(AgentQuery.escaped($1))" }
    return "/operations" + (words.isEmpty ? "" : "?" + words.joined(separator: "&"))
      + (place.map { "#" + $0 } ?? "")
  }

  /// The query, name by name.
  func words(_ language: Language) -> [(String, String)] {
    var words: [(String, String)] = []
    if language == .en { words.append(("lang", "en")) }
    if sort != .state { words.append(("sort", sort.rawValue)) }
    if isDescending { words.append(("order", "desc")) }
    if let state { words.append(("state", state.rawValue)) }
    if let area { words.append(("area", area)) }
    if let find { words.append(("find", find)) }
    if page > 1 { words.append(("page", "\(page)")) }
    return words
  }

  /// RFC 3986: everything but letters, digits and four signs as `%xx`.
  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      let isPlain =
        scalar.properties.isAlphabetic || "0123456789-._~".unicodeScalars.contains(scalar)
      if byte < 0x80, isPlain {
        escaped.unicodeScalars.append(scalar)
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return escaped
  }

  /// The view with something changed; another selection begins at its first page.
  func with(_ change: (inout AgentQuery) -> Void) -> AgentQuery {
    var other = self
    other.page = 1
    change(&other)
    return other
  }

  // MARK: Selecting

  func selects(_ agent: AgentsReport.Agent, areas: [String], isInTrouble: Bool) -> Bool {
    if let area, !areas.contains(area) { return false }
    return switch state {
    case nil: true
    case .problem: isInTrouble
    // What was taken down is neither.
    case .online: agent.isOnline && !agent.isRevoked
    case .offline: !agent.isOnline && !agent.isRevoked
    }
  }

  /// Whether what is searched for is part of a name, whatever its tones and capitals. Without a
  /// search the names are not even made.
  func finds(_ names: @autoclosure () -> [String]) -> Bool {
    guard let find else { return true }
    let folded = VietnameseOrder.folded(find)
    return names().contains { VietnameseOrder.folded($0).contains(folded) }
  }

  /// Sorted; what is not known comes last in either direction.
  ///
  /// - Parameter areas: an agent's, in words; empty: not known.
  func sorted(
    _ agents: [AgentsReport.Agent], inTrouble: Set<String>,
    areas: (AgentsReport.Agent) -> String = { _ in "" }
  ) -> [AgentsReport.Agent] {
    switch sort {
    case .area:
      return order(agents) { agent in
        let name = areas(agent)
        return name.isEmpty ? nil : VietnameseOrder.Key(name)
      }
    case .agent: return isDescending ? agents.reversed() : agents
    case .version:
      return order(agents) { $0.version.isEmpty ? nil : $0.version }
    case .state:
      // Trouble first, then those that are off line; those that were taken down come last.
      return order(agents) { agent in
        let rank = (inTrouble.contains(agent.name) ? 0 : 2) + (agent.isOnline ? 1 : 0)
        return agent.isRevoked ? 4 : rank
      }
    case .seen: return order(agents) { $0.lastSeenMs }
    case .backlog: return order(agents) { $0.backlog }
    case .oldest: return order(agents) { $0.oldestUnsentSeconds }
    case .data: return order(agents) { $0.lastByKind.map(\.atMs).max() }
    case .clock: return order(agents) { $0.clockOffsetMs.map { abs($0) } }
    case .certificate: return order(agents) { $0.certificateMs }
    case .wear: return order(agents) { $0.writtenPerDay }
    case .rejected: return order(agents) { $0.rejected }
    }
  }

  private func order<Key: Comparable>(
    _ agents: [AgentsReport.Agent], _ key: (AgentsReport.Agent) -> Key?
  ) -> [AgentsReport.Agent] {
    agents.enumerated().map { (place: $0.offset, key: key($0.element), agent: $0.element) }
      .sorted { a, b in
        guard let left = a.key else { return b.key == nil && a.place < b.place }
        guard let right = b.key else { return true }
        if left == right { return a.place < b.place }
        return isDescending ? left > right : left < right
      }.map(\.agent)
  }
}
