package import Indicators
package import Protocol

/// What of the configuration decides how a measurement enters the state by day, in the units of
/// the wire. The rest of the method works on the state, so changing it costs a recomputation only;
/// a change here rebuilds the state of the kinds it touches (`Rebuild`).
package struct StateRules: Equatable, Sendable {
  /// Local time less UTC; days are local.
  package var utcOffsetMs: Int64 = 7 * 3_600_000
  /// Worse positions are left out, 0.1 m.
  package var accuracyDecimetresMax: Int64 = 500
  /// SS-RSRP from which a sample is covered, 0.1 dBm.
  package var coveredTenths: Int64 = -1_100
  package var strongTenths: Int64 = -1_000
  /// Other operators' samples are roaming; `nil`: none is.
  package var homePLMNs: Set<String>?
  /// TCP streams and length from which a wired speed test counts.
  package var streamsMin: Int64 = 4
  package var testMsMin: Int64 = 10_000
  /// Measurements older than this on arrival are set aside, ms.
  package var keepRawMs: Int64 = 400 * msPerDay

  /// How far past its arrival a measurement's time may lie: two honest clocks differ by less.
  package static let futureMsMax: Int64 = 5 * 60_000

  package init() {}

  /// - Parameter keepRawDays: of the store; it is in no fingerprint.
  package init(_ method: Method, keepRawDays: Int = 400) {
    utcOffsetMs = Int64(method.utcOffsetMinutes) * 60_000
    accuracyDecimetresMax = Int64((method.accuracyMetres * 10).rounded(.down))
    coveredTenths = Int64((method.coveredDbm * 10).rounded(.up))
    strongTenths = Int64((method.strongDbm * 10).rounded(.up))
    homePLMNs = method.homePlmns.isEmpty ? nil : Set(method.homePlmns)
    streamsMin = method.minStreams
    testMsMin = Int64((method.minSeconds * 1_000).rounded(.up))
    keepRawMs = Int64(keepRawDays) * msPerDay
  }

  /// Whether a speed test counts (methodology 20.1). One that does not say how it was made does
  /// not.
  package func counts(_ test: Broadband) -> Bool {
    test.isWired == true && (test.streams ?? 0) >= streamsMin
      && (test.durationMs ?? 0) >= testMsMin
  }

  /// Days since 1970, local.
  @inline(__always)
  package func day(of timeMs: Int64) -> Int64 {
    let local = timeMs &+ utcOffsetMs
    return (local >= 0 ? local : local &- (msPerDay - 1)) / msPerDay
  }

  /// The times of a local day.
  package func times(of day: Int64) -> Range<Int64> {
    let start = day * msPerDay - utcOffsetMs
    return start..<(start + msPerDay)
  }

  /// Two states of a kind can be added to one another only if these are equal. The number is that
  /// of the rules as programmed.
  package func fingerprint(of kind: Kind) -> String {
    switch kind {
    case .coverage:
      let home = homePLMNs.map { $0.sorted().joined(separator: ",") } ?? "any"
      return """
        coverage/1 utc_offset_ms=\(utcOffsetMs) accuracy=\(accuracyDecimetresMax) \
        covered=\(coveredTenths) strong=\(strongTenths) home=\(home)
        """
    case .broadband:
      return """
        broadband/1 utc_offset_ms=\(utcOffsetMs) streams=\(streamsMin) test_ms=\(testMsMin)
        """
    case .service: return "service/2 utc_offset_ms=\(utcOffsetMs)"
    case .check: return "check/1"
    }
  }

  /// Kinds whose state was made by other rules or is not finished.
  ///
  /// - Parameter made: the fingerprint with which a kind's state was made.
  func kindsDue(
    _ made: (Kind) throws(StoreError) -> String?
  ) throws(StoreError) -> Set<Kind> {
    var due: Set<Kind> = []
    for kind in Kind.measuring where try made(kind) != fingerprint(of: kind) { due.insert(kind) }
    return due
  }
}

package let msPerDay: Int64 = 86_400_000
