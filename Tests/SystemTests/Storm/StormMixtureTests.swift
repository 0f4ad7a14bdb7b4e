import TestSupport
import Testing

/// Everything at once: a schedule of faults from one seed against the real programs, brokers and
/// files, while a device publishes; then identities, times and ledger are compared.
@Suite struct StormMixtureTests {
  @Test(arguments: Storm.seeds)
  func `a mixture of faults from one seed loses and doubles nothing`(_ seed: UInt64) async throws {
    try await Storm.run { try StormMixtureTests.run(seed) }
  }

  /// Throws with the seed, and with all that was done.
  static func run(_ seed: UInt64) throws {
    print("HATANG_SEED=\(seed)")
    let mixture = try Mixture(seed: seed)
    do { try mixture.run(steps: 14) } catch {
      throw TestFailure("HATANG_SEED=\(seed): \(error)\n\(mixture.diary.joined(separator: "\n"))")
    }
  }
}
