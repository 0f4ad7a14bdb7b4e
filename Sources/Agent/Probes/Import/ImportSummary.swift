import Daemon

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
    let total = leftOut.values.reduce(0, +)
    let logs = files == 1 ? "log" : "logs"
    return """
      \(files) nhật ký, \(rows) dòng: đã gửi \(published), bỏ \(total)
        \(files) \(logs), \(rows) rows, \(published) published, \(total) left out

      """ + list("Bỏ vì:", "left out because:", leftOut.map { ($1, $0.text) })
        + list("Trong số đã gửi:", "of the published:", notes.map { ($1, $0.text) })
  }

  /// The most frequent first.
  private func list(_ vi: String, _ en: String, _ entries: [(Int, Bilingual)]) -> String {
    guard !entries.isEmpty else { return "" }
    return "\(vi)\n  \(en)\n"
      + entries.sorted { ($1.0, $0.1.en) < ($0.0, $1.1.en) }.map { count, text in
        let count = "\(count)"
        let below = String(repeating: " ", count: count.count + 4)
        return "  \(count)  \(text.vi)\n\(below)\(text.en)\n"
      }.joined()
  }
}
