/// One of the pages that a long table is shown in.
struct Pages {
  /// 1, 2, … as asked for; the last one there is, beyond the end.
  let number: Int
  /// Places of its rows among all of them.
  let rows: Range<Int>
  /// Of all pages.
  let rowCount: Int

  static let size = 100

  init(_ wanted: Int, of rowCount: Int) {
    number = min(wanted, max(1, (rowCount + Pages.size - 1) / Pages.size))
    let start = (number - 1) * Pages.size
    rows = start..<min(start + Pages.size, rowCount)
    self.rowCount = rowCount
  }

  /// Which rows these are, and the ways to those before and after.
  ///
  /// - Parameters:
  ///   - unit: what the rows are, after the count of all.
  ///   - address: of a page, by its number.
  func write(
    to html: inout HTML, _ language: Language, unit: String = "", address: (Int) -> String
  ) {
    if !rows.isEmpty {
      let (first, last) = (
        language.whole(rows.lowerBound + 1), language.whole(rows.upperBound)
      )
      let total = language.whole(rowCount) + unit
      html.element(
        "span", nil,
        language.pick("\(first)–\(last) trong \(total)", "\(first)–\(last) of \(total)"))
    }
    if number > 1 {
      html.link(address(number - 1), language.pick("← Trang trước", "← Previous"))
    }
    if rows.upperBound < rowCount {
      html.link(address(number + 1), language.pick("Trang sau →", "Next →"))
    }
  }
}
