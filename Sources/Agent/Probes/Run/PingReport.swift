import Daemon

/// What ping (iputils) says of the round trips to a host.
package struct PingReport: Equatable {
  /// ms, in the order of arrival.
  package let roundTrips: [Double]
  package let sent: Int
  package let received: Int

  /// Round trips beyond an hour are no measurement.
  private static let roundTripMax = 3_600_000.0
  /// Of IPv4 and ICMP, in each packet.
  static let headerBytes: Int64 = 28
  private static let lastWaitSeconds = 2

  /// - Parameter text: standard output under LC_ALL=C; `nil` where it is not that of a ping.
  package init?(_ text: String) {
    var roundTrips: [Double] = []
    var counts: (sent: Int, received: Int)?
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      if let word = words.first(where: { $0.hasPrefix("time=") }),
        let ms = Double(word.dropFirst(5)), (0...PingReport.roundTripMax).contains(ms),
        !line.contains("(DUP!)")
      {
        roundTrips.append(ms)
      }
      // "10 packets transmitted, 9 received, +1 duplicates, 10% packet loss, time 1826ms"
      if words.count > 4, words[1] == "packets", words[2].hasPrefix("transmitted"),
        let sent = Int(words[0]), let received = Int(words[3])
      {
        counts = (sent, received)
      }
    }
    guard let counts, counts.sent >= 0, (0...counts.sent).contains(counts.received) else {
      return nil
    }
    self.roundTrips = roundTrips
    (sent, received) = counts
  }

  /// The median; `nil` without an answer.
  package var medianMs: Double? {
    guard !roundTrips.isEmpty else { return nil }
    let sorted = roundTrips.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Mean difference between one round trip and the next; `nil` with fewer than two.
  package var jitterMs: Double? {
    guard roundTrips.count > 1 else { return nil }
    let steps = zip(roundTrips, roundTrips.dropFirst()).map { abs($0 - $1) }
    return steps.reduce(0, +) / Double(steps.count)
  }

  /// 0…1; `nil` where nothing was sent.
  package var loss: Double? { sent > 0 ? Double(sent - received) / Double(sent) : nil }

  /// How long `words` takes where nobody answers.
  static func longest(_ count: Int64) -> Duration {
    .milliseconds(200 * (count - 1)) + .seconds(lastWaitSeconds)
  }

  /// The program and its arguments: so many packets, five a second, and no name server.
  static func words(
    _ host: String, count: Int64, interface: String?, payloadBytes: Int64 = 56
  ) -> [String] {
    let binding = interface.map { ["-I", $0] } ?? []
    return [
      "ping", "-n", "-c", "\(count)", "-i", "0.2", "-W", "\(lastWaitSeconds)",
      "-s", "\(payloadBytes)",
    ] + binding + ["--", host]
  }
}
