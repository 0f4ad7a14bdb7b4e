import Daemon

/// One line on a terminal that shows how far the work is; nothing where nobody looks.
struct ProgressBar {
  private let total: Int
  private let isShown = Standard.isErrorTerminal
  /// Cells of the bar that were shown last.
  private var shown = -1

  private static let width = 40

  init(total: Int) { self.total = total }

  mutating func show(_ done: Int) {
    guard isShown, total > 0 else { return }
    let filled = min(done, total) * ProgressBar.width / total
    guard filled != shown || done == total else { return }
    shown = filled
    let bar =
      String(repeating: "█", count: filled)
      + String(repeating: "░", count: ProgressBar.width - filled)
    Standard.error("\r\(bar) \(done)/\(total)")
  }

  /// Clears the line.
  func end() {
    if isShown, shown >= 0 { Standard.error("\r\u{1b}[K") }
  }
}
