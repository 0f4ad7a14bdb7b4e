import Glibc

/// Holds a file locked while the value lives, so that two processes never use one store. The lock
/// goes with the process, however it ends.
public final class FileLock: Sendable {
  public let path: String
  private let descriptor: Int32

  /// Creates the file where it is missing and writes the process's id into it, for people.
  /// - Parameter subject: what the lock protects, for the error's text.
  public init(path: String, subject: String) throws(FileError) {
    let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { throw FileError("open", path, code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = FileLock.text(in: descriptor)
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError("lock", path, code: code) }
      throw FileError(
        "use \(subject): process \(holder) holds", path, code: 0,
        hint: "stop that process, or give this one a path of its own")
    }
    self.path = path
    self.descriptor = descriptor
    ftruncate(descriptor, 0)
    try Files.write(Array("\(getpid())\n".utf8), to: descriptor, name: path)
  }

  deinit { close(descriptor) }

  private static func text(in descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress, $0.count, 0)
    }
    let digits = bytes.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }
    return digits.isEmpty ? "of unknown id" : String(decoding: digits, as: UTF8.self)
  }
}
