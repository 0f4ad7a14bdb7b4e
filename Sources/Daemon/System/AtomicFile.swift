import Glibc

/// A file that is written piece by piece and appears whole or not at all: under another name until
/// `commit`, and removed if that never comes. Used by one thread.
public final class AtomicFile {
  public let path: String
  private let temporary: String
  private var descriptor: Int32
  private var pending: [UInt8] = []

  /// Bytes that share one write(2).
  private static let chunkBytes = 1 << 16

  /// - Parameter mode: as far as the file system has modes; a stick has none.
  public init(_ path: String, mode: UInt32 = 0o644) throws(FileError) {
    self.path = path
    temporary = "\(path).\(getpid()).new"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    descriptor = unsafe open(temporary, flags, mode)
    guard descriptor >= 0 else { throw FileError("create", temporary, code: errno) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    _ = unsafe unlink(temporary)
  }

  public func write(_ bytes: some Sequence<UInt8>) throws(FileError) {
    pending.append(contentsOf: bytes)
    if pending.count >= AtomicFile.chunkBytes { try flush() }
  }

  /// On the disk, and under its name, when this returns.
  public func commit() throws(FileError) {
    try flush()
    guard fsync(descriptor) == 0 else { throw FileError("sync", temporary, code: errno) }
    guard unsafe rename(temporary, path) == 0 else {
      throw FileError("replace", path, code: errno)
    }
    close(descriptor)
    descriptor = -1
    try Files.syncDirectory(of: path)
  }

  private func flush() throws(FileError) {
    guard !pending.isEmpty else { return }
    try Files.write(pending, to: descriptor, name: temporary)
    pending.removeAll(keepingCapacity: true)
  }
}

/// A file that is read piece by piece, for what may be larger than the memory. Used by one thread.
public final class InputFile {
  public let path: String
  /// What went wrong while reading; the bytes end there.
  public private(set) var failure: FileError?
  private let descriptor: Int32
  private var chunk: ArraySlice<UInt8> = []

  private static let chunkBytes = 1 << 16

  public init(_ path: String) throws(FileError) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path, code: errno) }
  }

  deinit { close(descriptor) }

  /// So many bytes, or fewer at the end.
  public func read(_ count: Int) -> [UInt8] {
    while chunk.count < count {
      let more = fill()
      if more.isEmpty { break }
      chunk = chunk + more
    }
    defer { chunk = chunk.dropFirst(count) }
    return Array(chunk.prefix(count))
  }

  private func fill() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: InputFile.chunkBytes)
    while failure == nil {
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      if count >= 0 { return Array(bytes.prefix(count)) }
      if errno != EINTR { failure = FileError("read", path, code: errno) }
    }
    return []
  }
}
