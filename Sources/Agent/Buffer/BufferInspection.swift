import Daemon
package import Protocol
package import SQLite

/// The buffer as somebody sees it who only looks: a reader beside the running daemon, or without
/// it. Everything is read from one snapshot.
package final class BufferInspection {
  package let path: String
  let database: Database
  /// Measurements in `batches` whose clock nobody has confirmed.
  package internal(set) var unconfirmedCount: Int64 = 0

  package struct Stream {
    package let number: Int64
    package let id: StreamID
    /// The next that the aggregator expects, as the file knows it (written each 10 s).
    package let acknowledged: SequenceNumber
    package let next: SequenceNumber
    /// 0: being salvaged from a damaged file; not sent until that is done.
    package let isWhole: Bool
    package let segments: Int64
    /// Measurements held, receipted or not.
    package let held: Int64
    /// `nil`: nothing is held.
    package let oldestHeld: SequenceNumber?
    package let holes: [Hole]

    /// Measurements without a receipt.
    package var waiting: UInt64 { next > acknowledged ? next - acknowledged : 0 }
  }

  /// What is wrong with a segment.
  package struct Fault: Equatable {
    package let stream: StreamID?
    package let first: SequenceNumber
    package let text: String
  }

  package struct Verdict {
    package var segments = 0
    package var measurements = 0
    package var faults: [Fault] = []
    /// What SQLite says of its own file; `ok` where it is whole.
    package var integrity = "ok"

    package var isSound: Bool { faults.isEmpty && integrity == "ok" }
  }

  package init(path: String) throws {
    self.path = path
    guard Files.exists(path) else {
      throw FileError(
        "open", path, code: 0,
        hint: "there is no buffer yet; hatang-agent run makes it, or name another configuration")
    }
    database = try Database(path: path, mode: .readOnly)
    guard try database.integer("PRAGMA application_id") == BufferSchema.applicationID else {
      throw BufferError(.foreign, "\(path) is no buffer of hatang-agent; see buffer.path")
    }
    let version = try database.integer("PRAGMA user_version")
    guard version == Int64(BufferSchema.migrations.count) else {
      throw BufferError(
        .foreign,
        "\(path) has version \(version), this program reads "
          + "\(BufferSchema.migrations.count); use the program that made it")
    }
    try database.execute("BEGIN")
    // The snapshot begins with the first reading.
    _ = try database.integer("SELECT count(*) FROM streams")
  }

  package func streams() throws(SQLiteError) -> [Stream] {
    var found: [Stream] = []
    let select = try database.prepare(
      "SELECT number, id, acknowledged, floor, is_whole FROM streams ORDER BY number")
    while try select.step() {
      guard let id = StreamID(bytes: select.blob(1)) else { continue }
      let number = try BufferFile.streamNumber(select, database)
      let span = BufferInspection.span(number)
      let extent = try BufferFile.extent(database, number)
      found.append(
        Stream(
          number: number, id: id, acknowledged: SegmentKey.position(select.integer(2)),
          next: max(SegmentKey.position(select.integer(3)), extent?.end ?? 0),
          isWhole: select.integer(4) == 1,
          segments: try database.integer("SELECT count(*) FROM segments WHERE \(span)"),
          held: try database.integer("SELECT ifnull(sum(count), 0) FROM segments WHERE \(span)"),
          oldestHeld: extent?.first, holes: try holes(span)))
    }
    return found
  }

  /// Reads every segment as the uplink and the aggregator would.
  package func verify() throws -> Verdict {
    var verdict = Verdict()
    let integrity = try database.prepare("PRAGMA integrity_check(1)")
    if try integrity.step() { verdict.integrity = integrity.text(0) }
    let streams = try self.streams()
    try segments { row in
      verdict.segments += 1
      let key = SegmentKey(raw: row.key)
      let stream = streams.first { $0.number == key.stream }
      do throws(BufferError) {
        guard stream != nil else { throw BufferError(.failed, "belongs to no stream") }
        verdict.measurements += try BufferInspection.decoded(row).count
      } catch {
        verdict.faults.append(
          Fault(stream: stream?.id, first: key.number, text: error.description))
      }
      return true
    }
    return verdict
  }

  /// Every measurement that can be read, in order.
  /// - Parameter body: returns whether to go on.
  /// - Returns: segments that could not be read.
  package func measurements(
    _ body: (StreamID, SequenceNumber, Measurement) throws -> Bool
  ) throws -> Int {
    var unreadable = 0
    let streams = try self.streams()
    try segments { row in
      let key = SegmentKey(raw: row.key)
      guard let stream = streams.first(where: { $0.number == key.stream }),
        let segment = try? BufferInspection.decoded(row)
      else {
        unreadable += 1
        return true
      }
      for (place, measurement) in segment.measurements.enumerated() {
        guard try body(stream.id, key.number + SequenceNumber(place), measurement) else {
          return false
        }
      }
      return true
    }
    return unreadable
  }

  /// The whole segment, or what is wrong with it.
  private static func decoded(_ row: SalvageSource.Row) throws(BufferError) -> Segment {
    guard row.isSound else { throw BufferError(.failed, "is not what was written") }
    do throws(WireError) {
      let segment = try Segment(decoding: row.bytes[...])
      guard segment.count == row.count else {
        throw WireError(.range("\(segment.count) rows, not \(row.count)"), at: 0)
      }
      return segment
    } catch { throw BufferError(.failed, "does not decode: \(error)") }
  }

  private func segments(_ body: (SalvageSource.Row) throws -> Bool) throws {
    let select = try database.prepare(
      "SELECT \(SalvageSource.Row.columns) FROM segments ORDER BY key")
    while try select.step() {
      let row = SalvageSource.Row(select)
      guard try body(row) else { return }
    }
  }

  /// What is known of the time in each boot.
  package func boots() throws(SQLiteError) -> BootTable { try BootTable(database, clock: nil) }

  private func holes(_ span: String) throws(SQLiteError) -> [Hole] {
    var holes: [Hole] = []
    let select = try database.prepare(
      "SELECT key, count, reason FROM holes WHERE \(span) ORDER BY key")
    while try select.step() { holes.append(Hole(select)) }
    return holes
  }

  static func span(_ stream: Int64) -> String {
    let range = SegmentKey.range(stream)
    return "key BETWEEN \(range.lowerBound) AND \(range.upperBound)"
  }
}
