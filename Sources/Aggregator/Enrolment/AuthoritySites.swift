import Daemon
import Enrolment
import Protocol

/// Where each agent stands, as its enrolment said: beside the authority's index, a line an agent.
///
///     kcn-1  phu-ly  Tủ Đồng Văn
///
/// Between the three is a tab, which none of them can hold.
package struct AuthoritySites: Equatable, Sendable {
  /// By the agents' names.
  private var sites: [String: Site] = [:]

  package struct Site: Equatable, Sendable {
    /// Id of the area table; empty: not said.
    package var area: String
    /// In people's words; empty: not said.
    package var name: String

    package init(area: String, name: String) {
      self.area = area
      self.name = name
    }

    var isEmpty: Bool { area.isEmpty && name.isEmpty }
  }

  static let nameBytesMax = 200
  static let nameText = "1…200 bytes in one line, of letters, digits, signs and blanks"

  /// - Parameter text: lines that `text` would not have written are passed over.
  package init(_ text: String) {
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count == 3, AgentName.isLegal(fields[0]),
        fields[1...].allSatisfy({ $0.isEmpty || Self.isName($0) })
      else { continue }
      sites[String(fields[0])] = Site(area: String(fields[1]), name: String(fields[2]))
    }
  }

  /// Nobody has said anything where there is no such file.
  package init(file: String) { self.init((try? Place.text(of: file, bytesMax: 64 << 20)) ?? "") }

  package subscript(agent: String) -> Site? { sites[agent] }

  package var text: String {
    sites.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value.area)\t\($0.value.name)\n" }
      .joined()
  }

  /// What is empty stays as it was.
  mutating func say(_ agent: String, area: String, name: String) {
    var site = sites[agent] ?? Site(area: "", name: "")
    if !area.isEmpty { site.area = area }
    if !name.isEmpty { site.name = name }
    if !site.isEmpty { sites[agent] = site }
  }

  /// Whether it can stand in a line, a page and a terminal: nothing that would end or turn the
  /// line, or that nobody sees.
  static func isName(_ text: some StringProtocol) -> Bool {
    (1...nameBytesMax).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
          .unassigned:
          false
        default: true
        }
      }
  }
}
