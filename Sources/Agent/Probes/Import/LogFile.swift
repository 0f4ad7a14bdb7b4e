import Daemon

/// A log's lines and what identifies it.
package struct LogFile {
  package let path: String
  /// Without the line breaks; the first is the header.
  package let lines: [Substring]
  /// `gnettrack:` and the SHA-256 of the options and of the log's content, packed or not: the same
  /// rows under the same options have the same numbers, so that the agent knows them again.
  package let id: String

  /// Larger logs are refused; an hour of driving is about 1 MB.
  static let bytesMax = 256 << 20

  /// Reads a log; `.gz` through gzip.
  package init(_ path: String, options: GNetTrackLog.Options) throws {
    let bytes = try LogFile.content(path)
    id = "gnettrack:" + SHA256.hex(Array("\(options.text)\n".utf8) + bytes)
    // What is no UTF-8 (an operator's name, at most) is repaired; numbers are not touched by it.
    var text = String(decoding: bytes, as: UTF8.self)
    if text.utf8.starts(with: [0xef, 0xbb, 0xbf]) { text.unicodeScalars.removeFirst() }
    lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { Substring($0) }
      .filter { $0.utf8.contains { $0 != 0x0d } }
    self.path = path
  }

  private static func content(_ path: String) throws -> [UInt8] {
    guard path.hasSuffix(".gz") else { return try Files.read(path, bytesMax: bytesMax) }
    // Opened here first, for an error in our own words.
    _ = try Files.read(path, bytesMax: bytesMax)
    let outcome = try ChildProcess.run(["gzip", "-dc", "--", path], bytesMax: bytesMax)
    guard outcome.exitCode == 0 else {
      throw FileError(
        "unpack", path, code: 0,
        hint: "gzip ended with code \(outcome.exitCode); is the file whole?")
    }
    return outcome.output
  }
}
