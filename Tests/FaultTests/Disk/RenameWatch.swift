import Daemon
import Glibc

/// Renames within a folder, in their order, as the kernel tells them.
struct RenameWatch {
  private let descriptor: Int32
  /// The first half of a rename, by its cookie.
  private var halves: [UInt32: String] = [:]

  init(_ folder: String) throws {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    let events = UInt32(IN_MOVED_FROM) | UInt32(IN_MOVED_TO)
    guard descriptor >= 0, inotify_add_watch(descriptor, folder, events) >= 0 else {
      throw FileError("watch", folder, code: errno)
    }
  }

  func close() { _ = Glibc.close(descriptor) }

  mutating func drain() -> [(from: String, to: String)] {
    var found: [(from: String, to: String)] = []
    var bytes = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return found }
      var offset = 0
      while offset < count {
        // struct inotify_event: wd, mask, cookie, len, then the name with zeros behind it.
        let words = bytes.withUnsafeBytes { raw in
          (0..<4).map { raw.loadUnaligned(fromByteOffset: offset + 4 * $0, as: UInt32.self) }
        }
        let name = bytes[(offset + 16)..<(offset + 16 + Int(words[3]))].prefix { $0 != 0 }
        offset += 16 + Int(words[3])
        let text = String(decoding: name, as: UTF8.self)
        if words[1] & UInt32(IN_MOVED_FROM) != 0 {
          halves[words[2]] = text
        } else if let from = halves.removeValue(forKey: words[2]) {
          found.append((from, text))
        }
      }
    }
  }
}

/// A folder of the harness.
enum Folder {
  /// In memory where the system has such a place: the disk's own syncs are not what is tested.
  static func make() -> String {
    let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(place)/hatang-faults-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("mkdtemp: \(errno)") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func names(_ folder: String) -> [String] {
    guard let listing = opendir(folder) else { return [] }
    defer { closedir(listing) }
    var names: [String] = []
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func clear(_ folder: String) {
    for name in names(folder) { unlink("\(folder)/\(name)") }
  }

  static func remove(_ folder: String) {
    clear(folder)
    rmdir(folder)
  }

  static func write(_ files: [String: [UInt8]], to folder: String) {
    clear(folder)
    for (name, bytes) in files {
      let descriptor = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      defer { close(descriptor) }
      var offset = 0
      while offset < bytes.count {
        let count = bytes.withUnsafeBytes {
          Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), $0.count - offset)
        }
        precondition(count > 0, "cannot write \(folder)/\(name)")
        offset += count
      }
    }
  }

  /// What lies in it now.
  static func files(_ folder: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in names(folder) { files[name] = try Files.read("\(folder)/\(name)") }
    return files
  }
}
