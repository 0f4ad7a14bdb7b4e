import Agent
import Testing

@Suite struct IntakePauseTests {
  private let replacing = BufferError(.replacing, "buffer.db is being replaced")

  @Test func `a file that is being replaced is asked for again at once, without a word`() {
    let pause = IntakePause(after: replacing, since: .seconds(10), now: .milliseconds(11_900))
    #expect(pause.nextAttempt == .milliseconds(11_920))
    #expect(!pause.isWorthTelling)
  }

  @Test func `a replacement that takes seconds is told, and asked for more seldom`() {
    let pause = IntakePause(after: replacing, since: .seconds(10), now: .seconds(12))
    #expect(pause.nextAttempt == .seconds(13))
    #expect(pause.isWorthTelling)
  }

  @Test(arguments: [BufferError.Nature.full, .failed])
  func `a disk that does not take the group is told at once`(nature: BufferError.Nature) {
    let pause = IntakePause(
      after: BufferError(nature, "no"), since: .seconds(10), now: .seconds(10))
    #expect(pause.nextAttempt == .seconds(11))
    #expect(pause.isWorthTelling)
  }
}
