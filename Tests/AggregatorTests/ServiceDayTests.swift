import Aggregator
import Daemon
import Indicators
import Protocol
import TestSupport
import Testing

/// A counter's day is made of its readings one by one, as they come.
@Suite struct ServiceDayTests {
  private let stream = StreamID(high: 8, low: 8)
  private let nowMs = dayStartMs + 3 * msPerDay

  private func days(_ site: Site) throws -> [String] {
    try site.rows(
      """
      SELECT first_ms, first, last_ms, last, increase, resets, points FROM service_days
      ORDER BY day
      """, columns: 7)
  }

  /// In groups of a few batches.
  private func ingest(_ readings: [Measurement], _ site: Site, groupSize: Int) throws {
    for start in stride(from: 0, to: readings.count, by: groupSize) {
      let group = readings[start..<min(start + groupSize, readings.count)]
      let batch = Batch.of(stream, from: SequenceNumber(start), [Array(group)])
      try site.ingest([.batch("a", batch, at: nowMs)], at: nowMs)
    }
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
  func `readings in any order, some of one time, give what all of them give at once`(
    seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    // Two days; few times, so that some meet; resets, and numbers as large as they may be.
    let largest = LegalRange.counterValue.values.upperBound
    var readings = (0..<300).map { _ in
      let timeMs = dayStartMs + msPerDay - 200 + Int64.random(in: 0..<400, using: &random)
      let value = Int64.random(in: 0...(random.once(in: 4) ? largest : 1_000), using: &random)
      return Measurement.count("n", value, at: timeMs)
    }
    let site = try Site()
    try ingest(readings, site, groupSize: Int.random(in: 1...40, using: &random))
    let kept = try days(site)
    #expect(kept == ServiceDayTests.plain(readings), "seed \(seed)")
    readings.shuffle(using: &random)
    let other = try Site()
    try ingest(readings, other, groupSize: Int.random(in: 1...40, using: &random))
    #expect(try days(other) == kept, "seed \(seed)")
    try site.rebuild()
    #expect(try days(site) == kept, "seed \(seed)")
  }

  /// Written from the methodology once more.
  private static func plain(_ readings: [Measurement]) -> [String] {
    var values: [Int64: Int64] = [:]
    for reading in readings {
      guard case .service(let count) = reading.body else { continue }
      values[reading.timeMs] = max(values[reading.timeMs] ?? 0, count.value)
    }
    let byDay = Dictionary(grouping: values.sorted { $0.key < $1.key }) { point in
      (point.key - dayStartMs) / msPerDay
    }
    return byDay.sorted { $0.key < $1.key }.map { _, points in
      var (increase, resets) = (Int64(0), 0)
      for (before, after) in zip(points, points.dropFirst()) {
        let rise = after.value < before.value ? after.value : after.value - before.value
        increase += min(rise, 106_751_991_167)
        resets += after.value < before.value ? 1 : 0
      }
      let (first, last) = (points[0], points[points.count - 1])
      return """
        \(first.key)|\(first.value)|\(last.key)|\(last.value)|\(increase)|\(resets)|\
        \(points.count)
        """
    }
  }

  @Test func `one more reading costs the same however many its day has`() throws {
    let site = try Site()
    let segments = (0..<4).map { segment in
      (0..<Int64(65_536)).map { row in
        let timeMs = dayStartMs + 2 * (Int64(segment) * 65_536 + row)
        return Measurement.count("n", timeMs - dayStartMs, at: timeMs)
      }
    }
    try site.ingest([.batch("a", .of(stream, from: 0, segments), at: nowMs)], at: nowMs)
    let before = try days(site)
    var place: SequenceNumber = 262_144
    func ingest(_ counter: String, _ timeMs: Int64) throws -> Duration {
      let late = Measurement.count(counter, timeMs - dayStartMs, at: timeMs)
      let batch = Batch.of(stream, from: place, [[late]])
      place += 1
      let began = monotonicNow()
      try site.ingest([.batch("a", batch, at: nowMs)], at: nowMs)
      return monotonicNow() - began
    }
    var (full, empty) = (Duration.zero, Duration.zero)
    for number in 0..<200 as Range<Int64> {
      // Between two others, where nothing can be guessed.
      full += try ingest("n", dayStartMs + 2_000 * number + 1)
      empty += try ingest("m", dayStartMs + 2_000 * number + 1)
    }
    // In turn, so that other work on the machine slows both; where the day is read again, 12 times.
    #expect(full < empty * 5, "\(full) and \(empty)")
    print("200 readings of a day of 262,144: \(full), of a day of few: \(empty)")
    #expect(before == ["\(dayStartMs)|0|\(dayStartMs + 524_286)|524286|524286|0|262144"])
    #expect(
      try days(site) == [
        "\(dayStartMs)|0|\(dayStartMs + 524_286)|524286|524286|0|262344",
        "\(dayStartMs + 1)|1|\(dayStartMs + 398_001)|398001|398000|0|200",
      ])
  }
}
