/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same fleet on every machine.
package struct Random: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Random.mixed(state)
  }

  /// 0 ..< 1.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  package mutating func chance(_ share: Double) -> Bool { unit() < share }

  /// Mean 0, standard deviation 1, never beyond ±3.5: the sum of twelve uniform numbers, squeezed.
  package mutating func normal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += unit() }
    return min(max(sum, -3.5), 3.5)
  }

  /// A number that belongs to a thing, not to a moment: what stands at a place is there tomorrow.
  package static func hash(_ parts: UInt64...) -> UInt64 {
    parts.reduce(0x51_7c_c1_b7_27_22_0a_95) { mixed($0 ^ mixed($1)) }
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}
