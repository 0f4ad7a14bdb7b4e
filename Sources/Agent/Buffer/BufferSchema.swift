import Protocol
import SQLite

/// The buffer's file. A commit of the intake touches three pages of it: a segment, the arrivals of
/// its messages, the counts.
enum BufferSchema {
  /// "HTbf": `file` names such a file by it.
  static let applicationID: Int64 = 0x4854_6266

  /// Small pages: a commit at 300 samples a second changes a few hundred bytes, and each page that
  /// it touches is written whole, twice (log and file).
  static let pageBytes: Int64 = 1_024

  /// Version *i* + 1 is reached by the *i*th.
  static let migrations = [
    """
    -- floor: the stream's next number is at least this, whatever is still held.
    -- is_whole: 0 while a salvage may still add segments; nothing of it is sent until then.
    CREATE TABLE streams (
      number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, acknowledged INTEGER NOT NULL,
      floor INTEGER NOT NULL, is_whole INTEGER NOT NULL);
    -- key: see SegmentKey. digest: of everything else in the row, for SQLite has no checksums.
    CREATE TABLE segments (
      key INTEGER PRIMARY KEY, count INTEGER NOT NULL, received_ms INTEGER NOT NULL,
      digest INTEGER NOT NULL, bytes BLOB NOT NULL);
    -- key: of the first number lost.
    CREATE TABLE holes (key INTEGER PRIMARY KEY, count INTEGER NOT NULL, reason INTEGER NOT NULL);
    -- The first-hop window, see ArrivalWindow: one row a commit.
    CREATE TABLE arrivals (number INTEGER PRIMARY KEY, messages BLOB NOT NULL);
    -- Numbered payloads that were stored: ranges, both ends inclusive. used_ms: of the last commit
    -- with a number of it; see NumberedTable.
    CREATE TABLE numbered (
      id TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, used_ms INTEGER NOT NULL,
      PRIMARY KEY (id, first)) WITHOUT ROWID;
    -- field '': accepted; any other: rejected for it, with the last one.
    CREATE TABLE counts (
      kind TEXT NOT NULL, field TEXT NOT NULL, count INTEGER NOT NULL, last_ms INTEGER,
      reason TEXT, sample TEXT, PRIMARY KEY (kind, field)) WITHOUT ROWID;
    CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    """,
    """
    -- Of the boot in which the segment was closed, and when by that boot's clock; NULL: its stamps
    -- are right.
    ALTER TABLE segments ADD COLUMN boot INTEGER;
    ALTER TABLE segments ADD COLUMN boot_ms INTEGER;
    -- See BootTable. Offsets are to the boot's clock; offset_ms NULL: the right time is not known.
    CREATE TABLE boots (
      boot INTEGER PRIMARY KEY, number INTEGER NOT NULL, found_offset_ms INTEGER NOT NULL,
      last_offset_ms INTEGER NOT NULL, is_found_raw INTEGER NOT NULL, offset_ms INTEGER,
      accuracy_ms INTEGER, evidence INTEGER, made_ms INTEGER, since_ms INTEGER);
    """,
  ]
}

/// A place in the buffer as one integer: 23 bits of stream number, 40 of sequence number. The live
/// stream has the highest number, so what is new is always added at the end of the table.
///
/// A stream of 2^40 numbers lasts a year at 30,000 a second; then the next one begins.
struct SegmentKey {
  let raw: Int64

  static let sequenceBits: Int64 = 40
  static let sequenceMax = SequenceNumber(1) << 40 - 1
  static let streamMax: Int64 = 1 << 23 - 1

  init(raw: Int64) { self.raw = raw }

  init(_ stream: Int64, _ number: SequenceNumber) {
    precondition((0...SegmentKey.streamMax).contains(stream) && number <= SegmentKey.sequenceMax)
    raw = stream << SegmentKey.sequenceBits | Int64(number)
  }

  var stream: Int64 { raw >> SegmentKey.sequenceBits }
  var number: SequenceNumber { SequenceNumber(raw & (1 << SegmentKey.sequenceBits - 1)) }

  /// After the last of so many numbers from here on. As a row says it: where its bits have turned,
  /// that must not lead out of the stream.
  func end(count: Int64) -> SequenceNumber {
    SegmentKey.position(Int64(number) &+ max(0, min(count, Int64(SegmentKey.sequenceMax))))
  }

  /// A place in a stream as a row says it, likewise.
  static func position(_ value: Int64) -> SequenceNumber {
    min(SequenceNumber(max(0, value)), sequenceMax)
  }

  /// All keys of a stream.
  static func range(_ stream: Int64) -> ClosedRange<Int64> {
    SegmentKey(stream, 0).raw...SegmentKey(stream, sequenceMax).raw
  }
}

extension Hole {
  /// From the columns `key`, `count` and `reason`; where their bits have turned, what may be said.
  init(_ row: borrowing Statement) {
    let first = SegmentKey(raw: row.integer(0))
    let end = first.end(count: max(1, row.integer(1)))
    self.init(
      first: first.number, last: max(first.number, end - 1),
      reason: LossReason(rawValue: row.integer(2)) ?? .bufferDamaged)
  }
}

/// A hash that is the same in every run: it lies on the disk. Not for an adversary's bytes: whoever
/// may publish can also publish nonsense.
struct Digest {
  private(set) var value: UInt64 = 0x9e37_79b9_7f4a_7c15

  init() {}

  mutating func add(_ word: UInt64) {
    // The finalizer of splitmix64, over what came before and this.
    var mixed = (value ^ word) &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    value = mixed ^ (mixed >> 31)
  }

  mutating func add(_ bytes: some Collection<UInt8>) {
    let isWhole: Void? = bytes.withContiguousStorageIfAvailable {
      unsafe add(UnsafeRawBufferPointer($0))
    }
    if isWhole == nil { add(Array(bytes)) }
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let count = bytes.count
    var offset = 0
    while offset + 8 <= count {
      add(unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest = UInt64(count)
    while offset < count {
      rest = rest << 8 | UInt64(unsafe bytes[offset])
      offset += 1
    }
    add(rest)
  }

  /// What the `digest` column of a segment holds.
  static func segment(
    key: Int64, count: Int64, receivedMs: Int64, mark: ClockMark?,
    bytes: some Collection<UInt8>
  ) -> Int64 {
    var digest = Digest()
    digest.add(UInt64(bitPattern: key))
    digest.add(UInt64(bitPattern: count))
    digest.add(UInt64(bitPattern: receivedMs))
    if let mark {
      digest.add(UInt64(bitPattern: mark.boot))
      digest.add(UInt64(bitPattern: mark.bootMs))
    }
    digest.add(bytes)
    return Int64(bitPattern: digest.value)
  }
}
