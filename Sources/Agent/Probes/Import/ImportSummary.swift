/// What an import came to.
package struct ImportSummary {
  package var files = 0
  package var rows = 0
  /// Acknowledged by the local broker.
  package var published = 0
  package var leftOut: [GNetTrackLog.Reason: Int] = [:]
  package var notes: [GNetTrackLog.Note: Int] = [:]

  package init() {}

  /// Rows that were read are published or left out, each with a reason.
  package var text: String {
    var lines = ["\(files) \(files == 1 ? "log" : "logs"), \(rows) rows, \(published) published"]
    let total = leftOut.values.reduce(0, +)
    lines[0] += total == 0 ? ", none left out" : ", \(total) left out:"
    for (reason, count) in leftOut.sorted(by: { ($1.value, $0.key.text) < ($0.value, $1.key.text) })
    {
      lines.append("  \(count)  \(reason.text)")
    }
    if !notes.isEmpty { lines.append("of the published:") }
    for (note, count) in notes.sorted(by: { ($1.value, $0.key.text) < ($0.value, $1.key.text) }) {
      lines.append("  \(count)  \(note.text)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
