/// Reads a take-out file record by record. Any bytes give records that were written so, or an
/// error; what came before an error was right.
public struct TakeOutReader: Sendable {
  /// Batches so far.
  public private(set) var totals = TakeOut.Totals()
  private var sum = CRC32()
  private var state = State.start

  /// start → head → records → ended.
  private enum State {
    case start
    case head
    case records
    case ended
  }

  public init() {}

  /// The next record; `nil` after the last.
  ///
  /// - Parameter read: gives so many bytes, fewer only at the file's end.
  public mutating func next(
    _ read: (Int) -> [UInt8]
  ) throws(TakeOutError) -> TakeOut.Record? {
    if state == .start { try readMagic(read) }
    if state == .ended {
      guard read(1).isEmpty else { throw damaged("bytes follow the end record") }
      return nil
    }
    let frame = try bytes(TakeOut.frameBytes, read)
    let count = Int(TakeOut.word(frame[1...]))
    guard count <= Batch.bytesMax else { throw damaged("a record of \(count) bytes") }
    let content = try bytes(count, read)
    let expected = sum.value
    guard TakeOut.word(try bytes(TakeOut.sumBytes, read)) == expected else {
      throw damaged("a record's sum is wrong")
    }
    return try record(frame[0], content)
  }

  private mutating func record(
    _ type: UInt8, _ content: [UInt8]
  ) throws(TakeOutError) -> TakeOut.Record {
    do throws(WireError) {
      switch (state, type) {
      case (.head, TakeOut.RecordType.head):
        let head = try TakeOut.head(decoding: content)
        state = .records
        return .head(head)
      case (.records, TakeOut.RecordType.batch):
        let batch = try Batch(decoding: content)
        totals.batches += 1
        totals.measurements += batch.segments.reduce(0) { $0 + UInt64($1.count) }
        return .batch(content)
      case (.records, TakeOut.RecordType.end):
        let found = try TakeOut.totals(decoding: content)
        guard found == totals else {
          throw WireError(
            .range(
              "end record of \(found.batches) batches, \(found.measurements) measurements, but "
                + "there are \(totals.batches) and \(totals.measurements)"), at: 0)
        }
        state = .ended
        return .end(found)
      default: throw WireError(.range("record of type \(type) in the wrong place"), at: 0)
      }
    } catch {
      if case .version(let version) = error.fault { throw TakeOutError(.version(version), totals) }
      throw damaged("\(error)")
    }
  }

  private mutating func readMagic(_ read: (Int) -> [UInt8]) throws(TakeOutError) {
    let magic = Array(TakeOut.magic.utf8)
    let found = read(magic.count)
    guard found == magic else { throw TakeOutError(.foreign, totals) }
    sum.update(found)
    var digits = ""
    while let byte = read(1).first {
      sum.update([byte])
      if byte == UInt8(ascii: "\n") { break }
      guard (0x30...0x39).contains(byte), digits.utf8.count < TakeOut.versionDigitsMax else {
        throw TakeOutError(.foreign, totals)
      }
      digits.append(Character(Unicode.Scalar(byte)))
    }
    guard let version = Int64(digits) else { throw TakeOutError(.foreign, totals) }
    guard version == TakeOut.version else { throw TakeOutError(.version(version), totals) }
    state = .head
  }

  private mutating func bytes(
    _ count: Int, _ read: (Int) -> [UInt8]
  ) throws(TakeOutError) -> [UInt8] {
    let found = read(count)
    guard found.count == count else { throw TakeOutError(.cutShort, totals) }
    sum.update(found)
    return found
  }

  private func damaged(_ what: String) -> TakeOutError { TakeOutError(.damaged(what), totals) }
}

/// Why a take-out file cannot be read to its end.
public struct TakeOutError: Error, Equatable, CustomStringConvertible {
  public let fault: Fault
  /// What came before it, and is right.
  public let sound: TakeOut.Totals

  public enum Fault: Equatable, Sendable {
    /// Not such a file at all.
    case foreign
    /// Written by a newer program.
    case version(Int64)
    /// It ends before its end record.
    case cutShort
    case damaged(String)
  }

  init(_ fault: Fault, _ sound: TakeOut.Totals) {
    self.fault = fault
    self.sound = sound
  }

  /// Whether what came before may be taken: the rest is only missing.
  public var isPartial: Bool {
    switch fault {
    case .foreign, .version: false
    case .cutShort, .damaged: true
    }
  }

  public var description: String {
    switch fault {
    case .foreign: "is no take-out file; name the one that hatang-agent buffer take-out wrote"
    case .version(let version):
      "has version \(version), this program reads \(TakeOut.version); install a newer one here"
    case .cutShort: "is cut short after \(soundText); copy it again, or take out again"
    case .damaged(let what):
      "is damaged after \(soundText) (\(what)); copy it again, or take out again"
    }
  }

  private var soundText: String {
    "\(sound.batches) batches, \(sound.measurements) measurements"
  }
}
