import Glibc

/// Whole files, read and replaced.
public enum Files {
  /// Reads a whole file.
  /// - Parameter bytesMax: a larger file is an error, so that a wrong path cannot fill the memory.
  public static func read(
    _ path: String, bytesMax: Int = 256 << 20
  ) throws(FileError) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path, code: errno) }
    defer { close(descriptor) }
    return try readAll(descriptor, name: path, bytesMax)
  }

  static func readAll(
    _ descriptor: Int32, name: String, _ bytesMax: Int
  ) throws(FileError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError("read", name, code: errno)
      }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= bytesMax else {
        throw FileError(
          "read", name, code: EFBIG, hint: "at most \(bytesMax) bytes; is this the right file?")
      }
    }
  }

  /// Reads a whole file of UTF-8.
  public static func text(_ path: String, bytesMax: Int = 256 << 20) throws(FileError) -> String {
    let bytes = try read(path, bytesMax: bytesMax)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw FileError("read", path, code: EILSEQ, hint: "save it as UTF-8")
    }
    return text
  }

  /// Replaces a file so that a reader, or a crash at any moment, sees the old bytes or the new ones
  /// and never a part.
  /// - Parameter isDurable: wait until the bytes are on the disk. Without it a power cut may bring
  ///   the old file back.
  public static func writeAtomically(
    _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644, isDurable: Bool = true
  ) throws(FileError) {
    // The process's id keeps two writers of one file apart.
    let temporary = "\(path).\(getpid()).new"
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
    let descriptor = unsafe open(temporary, flags, mode)
    guard descriptor >= 0 else { throw FileError("create", temporary, code: errno) }
    do throws(FileError) {
      defer { close(descriptor) }
      try write(bytes, to: descriptor, name: temporary)
      if fchmod(descriptor, mode) != 0 { throw FileError("set mode of", temporary, code: errno) }
      if isDurable, fsync(descriptor) != 0 { throw FileError("sync", temporary, code: errno) }
    } catch {
      _ = unsafe unlink(temporary)
      throw error
    }
    guard unsafe rename(temporary, path) == 0 else {
      let code = errno
      _ = unsafe unlink(temporary)
      throw FileError("replace", path, code: code)
    }
    if isDurable { try syncDirectory(of: path) }
  }

  /// Writes all bytes to an open descriptor.
  public static func write(
    _ bytes: [UInt8], to descriptor: Int32, name: String
  ) throws(FileError) {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError("write", name, code: errno)
      }
      offset += count
    }
  }

  /// Bytes that this process may still write on the file system that holds `path`, a file or a
  /// directory. Where `path` does not exist yet, its directory counts.
  public static func freeBytes(_ path: String) throws(FileError) -> Int64 {
    var facts = statvfs()
    var result = unsafe statvfs(path, &facts)
    if result != 0, errno == ENOENT { result = unsafe statvfs(directory(of: path), &facts) }
    guard result == 0 else { throw FileError("see the free space of", path, code: errno) }
    return Int64(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
  }

  /// Whether the file system that holds `path` takes no change.
  public static func isReadOnly(_ path: String) throws(FileError) -> Bool {
    var facts = statvfs()
    guard unsafe statvfs(path, &facts) == 0 else {
      throw FileError("see the mount of", path, code: errno)
    }
    return facts.f_flag & UInt(ST_RDONLY) != 0
  }

  /// `nil` where there is no such file.
  public static func byteCount(_ path: String) -> Int64? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    return Int64(facts.st_size)
  }

  /// Makes a folder; that it is there already is no error.
  public static func makeFolder(_ path: String, mode: UInt32) throws(FileError) {
    guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else {
      throw FileError("make folder", path, code: errno)
    }
  }

  /// The names in a folder, sorted, without `.` and `..`.
  public static func names(in folder: String) throws(FileError) -> [String] {
    guard let directory = unsafe opendir(folder) else {
      throw FileError("open", folder, code: errno)
    }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  public static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// Whether there is surely no such file: where a disk does not say, that is an error.
  public static func isMissing(_ path: String) throws(FileError) -> Bool {
    var facts = stat()
    if unsafe lstat(path, &facts) == 0 { return false }
    guard errno == ENOENT else { throw FileError("look for", path, code: errno) }
    return true
  }

  /// Makes a directory where there is none; those above it must be there.
  public static func makeDirectory(_ path: String, mode: UInt32 = 0o750) throws(FileError) {
    guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else {
      throw FileError("make", path, code: errno)
    }
  }

  /// Removes a file; that it is missing is no error.
  public static func remove(_ path: String) throws(FileError) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else {
      throw FileError("remove", path, code: errno)
    }
  }

  public static func move(_ path: String, to target: String) throws(FileError) {
    guard unsafe rename(path, target) == 0 else {
      throw FileError("move", "\(path) to \(target)", code: errno)
    }
    try syncDirectory(of: target)
  }

  /// The part before the last `/`; `.` for a bare name.
  public static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes a rename in the directory of `path` durable.
  public static func syncDirectory(of path: String) throws(FileError) {
    let name = directory(of: path)
    let descriptor = unsafe open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", name, code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError("sync", name, code: errno) }
  }
}
