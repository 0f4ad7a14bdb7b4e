import Daemon
import Protocol
import SQLite

/// Reads a damaged buffer: forwards to the damage, backwards to it from the other side, and then
/// between, by halves of what is left, as long as that finds anything. Every row is checked by its
/// digest: SQLite notices damage to its trees, not to what they hold.
///
/// What is thrown may pass, and says nothing of the file: then it is read again from the beginning.
final class SalvageSource {
  private let database: Database
  /// The file may be of an older version than the present one.
  private let markColumns: String

  struct Row {
    let key: Int64
    let count: Int64
    let receivedMs: Int64
    let mark: ClockMark?
    let digest: Int64
    let bytes: [UInt8]
  }

  struct Hole {
    let key: Int64
    let count: Int64
    let reason: Int64
  }

  init(_ path: String) throws(SQLiteError) {
    // For writing: a log that belongs to it has to be taken in.
    database = try Database(path: path, mode: .readWrite)
    _ = try database.integer("PRAGMA schema_version")
    markColumns = try database.integer("PRAGMA user_version") < 2 ? "NULL, NULL" : "boot, boot_ms"
  }

  func rows() -> Rows { Rows(database, markColumns) }

  /// As far as they can be read.
  func holes() throws(SQLiteError) -> [Hole] {
    var holes: [Hole] = []
    do throws(SQLiteError) {
      let select = try database.prepare("SELECT key, count, reason FROM holes ORDER BY key")
      while try select.step() {
        holes.append(
          Hole(key: select.integer(0), count: select.integer(1), reason: select.integer(2)))
      }
    } catch {
      if error.mayPass { throw error }
      Log.warning("salvage: only in part", [("table", "holes"), ("error", error)])
    }
    return holes
  }

  /// The rows that can be read, each once, in no order.
  final class Rows {
    private let database: Database
    private let markColumns: String
    /// Spans of keys without anything read from them yet; both ends exclusive.
    /// Streams count from 1.
    private var unread: [(low: Int64, high: Int64)] = [(0, .max)]
    private var present: [Row] = []
    /// Attempts that a torn span may still cost.
    private var attemptsLeft = 2_000

    private static let rowsAtOnce = 64

    fileprivate init(_ database: Database, _ markColumns: String) {
      self.database = database
      self.markColumns = markColumns
    }

    func next() throws(SQLiteError) -> Row? {
      while present.isEmpty {
        guard let span = unread.popLast(), attemptsLeft > 0 else { return nil }
        attemptsLeft -= 1
        try read(span.low, span.high)
      }
      return present.removeLast()
    }

    /// Reads what a span begins with, then what it ends with, and divides what is left.
    private func read(_ low: Int64, _ high: Int64) throws(SQLiteError) {
      guard low < high - 1 else { return }
      let forwards = try page(low, high, isDescending: false)
      if forwards.isWhole, forwards.last == nil { return }
      if let last = forwards.last {
        // Progress costs no attempt.
        attemptsLeft += 1
        unread.append((last, high))
        return
      }
      let backwards = try page(low, high, isDescending: true)
      if let first = backwards.last {
        attemptsLeft += 1
        unread.append((low, first))
        return
      }
      if backwards.isWhole { return }
      let middle = low + (high - low) / 2
      unread.append((low, middle + 1))
      unread.append((middle, high))
    }

    /// - Returns: the last key that could be read, and whether the span ended without damage.
    private func page(
      _ low: Int64, _ high: Int64, isDescending: Bool
    ) throws(SQLiteError) -> (last: Int64?, isWhole: Bool) {
      var last: Int64?
      do throws(SQLiteError) {
        let select = try database.prepare(
          """
          SELECT key, count, received_ms, digest, bytes, \(markColumns) FROM segments
            WHERE key > \(low) AND key < \(high)
            ORDER BY key \(isDescending ? "DESC" : "ASC") LIMIT \(Rows.rowsAtOnce)
          """)
        while try select.step() {
          let row = Row(select)
          // Rubbish in a tree may lead anywhere; only what moves on is followed.
          guard row.key > low, row.key < high,
            last.map({ isDescending ? row.key < $0 : row.key > $0 }) ?? true
          else { return (last, false) }
          last = row.key
          if row.isSound { present.append(row) }
        }
        return (last, true)
      } catch {
        if error.mayPass { throw error }
        return (last, false)
      }
    }
  }
}

extension SalvageSource.Row {
  /// The columns of every selection of whole segments, in this order.
  static let columns = "key, count, received_ms, digest, bytes, boot, boot_ms"

  init(_ row: borrowing Statement) {
    key = row.integer(0)
    count = row.integer(1)
    receivedMs = row.integer(2)
    digest = row.integer(3)
    bytes = row.blob(4)
    mark = ClockMark(row, at: 5)
  }

  /// As it is sent.
  func piece(_ verdict: BootTable.Verdict) -> Batch.Piece {
    let first = SegmentKey(raw: key).number
    guard case .known(let clock) = verdict else {
      return Batch.Piece(first: first, count: Int(count), bytes: bytes[...])
    }
    return Batch.Piece(first: first, count: Int(count), bytes: clock.added(to: bytes[...])[...])
  }

  var isSound: Bool {
    count > 0
      && digest
        == Digest.segment(
          key: key, count: count, receivedMs: receivedMs, mark: mark, bytes: bytes)
  }
}

extension ClockMark {
  /// From two columns of a row; `nil` where they hold none.
  init?(_ row: borrowing Statement, at column: Int32) {
    guard let boot = row.optionalInteger(column) else { return nil }
    self.init(boot: boot, bootMs: row.integer(column + 1))
  }
}
