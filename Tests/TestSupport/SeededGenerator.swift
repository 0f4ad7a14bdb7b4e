/// SplitMix64: every choice of a simulated schedule comes from one printed seed.
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// A number from 0 on that follows from an index alone; no column of such gets any smaller.
  public static func noise(_ index: Int64, below limit: Int64) -> Int64 {
    var generator = SeededGenerator(seed: UInt64(bitPattern: index))
    return Int64(generator.next() % UInt64(limit))
  }

  /// True once in so many.
  public mutating func once(in times: Int) -> Bool { Int.random(in: 0..<times, using: &self) == 0 }
}
