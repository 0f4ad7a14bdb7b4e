import Agent
import Daemon
import TestSupport

/// The lines of one part of `check` as text: mark, part, Vietnamese, English, remedy.
func findings(_ body: (CheckFindings) throws -> Void) rethrows -> String {
  let found = CheckFindings()
  try body(found)
  return found.text
}

extension CheckFindings {
  var text: String {
    lines.map { line in
      let mark =
        switch line.result {
        case .passed: "green"
        case .warning: "yellow"
        case .failed: "red"
        }
      let remedy = line.remedy.map { "\n→ \($0.vi)\n  \($0.en)" } ?? ""
      return "\(mark) \(line.part): \(line.text.vi)\n  \(line.text.en)\(remedy)\n"
    }.joined()
  }
}

/// JSON5 as a node.
func node(_ text: String) throws -> ConfigNode { try ConfigNode.parse(text: text, name: "test") }

/// A status file's view, as if its daemon ran.
func running(_ text: String) throws -> AgentStatusFile { .running(try node(text)) }
