extension Sequence<Int64> {
  /// Stops at the least and the greatest number in place of trapping: an agent may declare any.
  func clampedSum() -> Int64 {
    reduce(0) { sum, number in
      let (next, overflow) = sum.addingReportingOverflow(number)
      return overflow ? (number < 0 ? .min : .max) : next
    }
  }
}
