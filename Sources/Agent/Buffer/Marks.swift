import Daemon
import Protocol

/// A small file beside the buffer, `<buffer>.marks`: what must be known when the buffer's own file
/// cannot be read any more.
///
/// **What is provable.** A number is given only in a commit, and before a commit uses a number at
/// or above a stream's `bound`, a greater bound lies durably in this file. So whatever a damaged
/// buffer held, no number at or above its bound was ever given, and a hole up to the bound covers
/// all that is missing. The hole may name numbers that were never given, at most what one
/// reservation adds (`reserveMin`, or eight commits' worth); after an orderly stop the bound is
/// exact. If this file is lost together with the buffer, the salvage's own last number is all there
/// is.
struct Marks: Equatable {
  /// Rises with each file that replaces another; the buffer's file carries it too. A buffer of a
  /// lower generation was about to be set aside when the program ended.
  var generation: Int64 = 0
  var streams: [Stream] = []
  /// Damaged files of which not all has been salvaged yet.
  var setAside: [String] = []
  /// The last of them, as long as the new file is not there: whatever lies at the buffer's path was
  /// not moved there yet, or was begun anew and holds nothing. `nil`: no replacement is under way.
  var replacing: String?

  struct Stream: Equatable {
    var number: Int64
    var id: StreamID
    /// As of the last writing: what lies before was receipted.
    var acknowledged: SequenceNumber
    /// No number at or above was given.
    var bound: SequenceNumber
  }

  /// Numbers that one reservation adds at least: at 10 a second a write of the file each 100 s.
  static let reserveMin: SequenceNumber = 1_024

  init() {}

  static func path(beside buffer: String) -> String { buffer + ".marks" }

  /// Takes in streams that only the file knew.
  mutating func add(_ found: [Buffer.Stream]) {
    for stream in found where !streams.contains(where: { $0.id == stream.id }) {
      streams.append(
        Stream(
          number: stream.number, id: stream.id, acknowledged: stream.acknowledged,
          bound: stream.next))
    }
  }

  /// Takes over where streams stand, which a running program knows better than its marks: no
  /// number at or above `next` was given.
  mutating func note(_ present: [Buffer.Stream]) {
    add(present)
    for index in streams.indices {
      guard let stream = present.first(where: { $0.id == streams[index].id }) else { continue }
      streams[index].bound = stream.next
      streams[index].acknowledged = stream.acknowledged
    }
  }

  /// `nil` where there is no such file, or rubbish in it. One that cannot be read at the moment is
  /// an error: it says what is to be salvaged.
  static func read(beside buffer: String) throws(FileError) -> Marks? {
    let path = path(beside: buffer)
    let bytes: [UInt8]
    do throws(FileError) { bytes = try Files.read(path) } catch {
      if error.isMissing { return nil }
      throw error
    }
    do throws(ConfigError) { return try Marks(ConfigNode.parse(bytes: bytes, name: path)) } catch {
      Log.warning("the buffer's marks cannot be read", [("error", error)])
      return nil
    }
  }

  private init(_ root: ConfigNode) throws(ConfigError) {
    generation = try root.required("generation").integer(in: 0...Int64.max)
    for node in try root.required("set_aside").array() { setAside.append(try node.string()) }
    replacing = try root["replacing"]?.string()
    for node in try root.required("streams").array() {
      let text = try node.required("id").string()
      guard let id = StreamID(hexadecimal: text) else { throw node.error("is no stream id") }
      let numbers: ClosedRange<Int64> = 0...Int64(SegmentKey.sequenceMax)
      streams.append(
        Stream(
          number: try node.required("number").integer(in: 0...SegmentKey.streamMax), id: id,
          acknowledged: SequenceNumber(try node.required("acknowledged").integer(in: numbers)),
          bound: SequenceNumber(try node.required("bound").integer(in: numbers))))
    }
  }

  /// Durable when it returns.
  func write(beside buffer: String) throws(FileError) {
    var json = JSONWriter()
    json.beginObject()
    json.member("generation", generation)
    json.key("set_aside")
    json.beginArray()
    for path in setAside { json.string(path) }
    json.endArray()
    if let replacing { json.member("replacing", replacing) }
    json.key("streams")
    json.beginArray()
    for stream in streams {
      json.beginObject()
      json.member("number", stream.number)
      json.member("id", stream.id.description)
      json.member("acknowledged", stream.acknowledged)
      json.member("bound", stream.bound)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    try Files.writeAtomically(
      Marks.path(beside: buffer), Array((json.text + "\n").utf8), isDurable: true)
  }
}
