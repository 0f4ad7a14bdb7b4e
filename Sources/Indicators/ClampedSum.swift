/// Sums of what others say, who may say any number: they stop at the least and the greatest number
/// in place of trapping.
extension Int64 {
  public mutating func addClamped(_ other: Int64) {
    let (sum, overflow) = addingReportingOverflow(other)
    self = overflow ? (other < 0 ? .min : .max) : sum
  }
}

extension Sequence<Int64> {
  public func clampedSum() -> Int64 { reduce(into: 0) { $0.addClamped($1) } }
}
