import CZlib

/// RFC 1952 by the system's zlib.
enum Gzip {
  /// The whole of it at once; `nil` where it does not get smaller, or memory is short.
  static func pack(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = unsafe z_stream()
    // 16 above the largest window: a gzip header in place of zlib's (zlib.h, deflateInit2).
    let windowBits = 15 + 16
    let began = unsafe deflateInit2_(
      &stream, level, Z_DEFLATED, Int32(windowBits), 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard began == Z_OK else { return nil }
    defer { unsafe deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count)
    let count = unsafe input.withUnsafeMutableBufferPointer { input in
      unsafe output.withUnsafeMutableBufferPointer { output in
        unsafe stream.next_in = input.baseAddress
        unsafe stream.avail_in = UInt32(input.count)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(output.count)
        return unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
          ? output.count - Int(stream.avail_out) : 0
      }
    }
    return count > 0 ? Array(output[..<count]) : nil
  }

  /// Most of the gain at a third of the time of the best.
  private static let level: Int32 = 6
}
