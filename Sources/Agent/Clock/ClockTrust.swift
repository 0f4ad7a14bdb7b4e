package import Protocol

/// What has been learnt of the right time in this boot of the machine. Pure.
package struct ClockTrust: Equatable, Sendable {
  /// `nil`: the right time is not known yet.
  package private(set) var offset: BootOffset?
  /// When the first receipt that tells a time came, by the boot's clock.
  private var firstAnswerMs: Int64?

  /// A comparison at least so exact is believed at once …
  static let accuracyMsMax: Int64 = 2_000
  /// … and any below this, once no better has come for a while: half of what lets the aggregator
  /// take a time for one of the future.
  static let accuracyMsPoor: Int64 = 150_000
  static let patienceMs: Int64 = 60_000
  /// Oscillators drift, so a younger comparison replaces a better one after this.
  static let ageMsMax: Int64 = 60_000

  package init() {}

  /// As the buffer's file knows it.
  package mutating func restore(_ offset: BootOffset) { self.offset = self.offset ?? offset }

  package mutating func read(_ reading: ClockReading) {
    guard reading.isTrusted else { return }
    offset = BootOffset(
      offsetMs: reading.offsetMs, accuracyMs: 0, evidence: .kernel, madeMs: reading.bootMs,
      sinceMs: offset?.sinceMs ?? reading.bootMs)
  }

  /// A receipt has come.
  ///
  /// - Parameters:
  ///   - sentMs: when the message that it echoes left, by the boot's clock.
  ///   - committedMs: the aggregator's clock in between.
  package mutating func compared(committedMs: Int64, sentMs: Int64, receivedMs: Int64) {
    guard committedMs >= ClockReading.plausibleFromMs, LegalRange.time.contains(committedMs),
      receivedMs >= sentMs
    else { return }
    firstAnswerMs = firstAnswerMs ?? receivedMs
    let accuracyMs = (receivedMs - sentMs + 1) / 2
    if let offset {
      let isOld = receivedMs - offset.madeMs > ClockTrust.ageMsMax
      let isBetter = offset.evidence == .aggregator && accuracyMs <= offset.accuracyMs
      guard isBetter || (isOld && accuracyMs <= max(ClockTrust.accuracyMsMax, offset.accuracyMs))
      else { return }
    } else {
      let waitedMs = receivedMs - (firstAnswerMs ?? receivedMs)
      let isPoorEnough =
        waitedMs >= ClockTrust.patienceMs && accuracyMs <= ClockTrust.accuracyMsPoor
      guard accuracyMs <= ClockTrust.accuracyMsMax || isPoorEnough else { return }
    }
    offset = BootOffset(
      offsetMs: committedMs - (sentMs + (receivedMs - sentMs) / 2), accuracyMs: accuracyMs,
      evidence: .aggregator, madeMs: receivedMs, sinceMs: offset?.sinceMs ?? receivedMs)
  }

  /// Whether stamps by a clock with this offset to the boot's are right as they stand.
  func confirms(_ stampOffsetMs: Int64) -> Bool { offset?.confirms(stampOffsetMs) ?? false }
}

/// The right time less the time since the machine started, in one boot.
package struct BootOffset: Equatable, Sendable {
  package let offsetMs: Int64
  package let accuracyMs: Int64
  package let evidence: SegmentClock.Evidence
  /// When this was found, by the boot's clock, and when the first such was.
  package let madeMs: Int64
  package let sinceMs: Int64

  /// Stamps that are right within this and the comparison's own accuracy stay as they are.
  static let toleranceMs: Int64 = 2_000

  package init(
    offsetMs: Int64, accuracyMs: Int64, evidence: SegmentClock.Evidence, madeMs: Int64,
    sinceMs: Int64
  ) {
    self.offsetMs = offsetMs
    self.accuracyMs = accuracyMs
    self.evidence = evidence
    self.madeMs = madeMs
    self.sinceMs = sinceMs
  }

  func confirms(_ stampOffsetMs: Int64) -> Bool {
    abs(stampOffsetMs - offsetMs) <= BootOffset.toleranceMs + accuracyMs
  }
}
