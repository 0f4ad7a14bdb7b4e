/// A part of a list that grows.
struct ListPage {
  let limit: Int
  /// The cursor that the part before ended with; `nil`: from the beginning.
  let after: String?

  /// - Parameters:
  ///   - isAfter: whether an entry comes after the cursor.
  ///   - cursor: of the last entry shown, where more follow.
  func part<Item>(
    of items: [Item], isAfter: (Item, String) -> Bool, cursor: (Item) -> String
  ) -> (items: ArraySlice<Item>, next: String?) {
    let start =
      after.map { after in items.firstIndex { isAfter($0, after) } ?? items.endIndex } ?? 0
    let shown = items[start...].prefix(limit)
    return (shown, shown.endIndex < items.endIndex ? shown.last.map(cursor) : nil)
  }
}
