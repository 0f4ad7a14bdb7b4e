import Daemon
import Glibc
import Testing

@Suite struct FilesTests {
  @Test func `a file is replaced whole and leaves nothing beside it`() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/status.json"
      try Files.writeAtomically(path, Array("old".utf8))
      try Files.writeAtomically(path, Array("new".utf8), mode: 0o600)
      #expect(try Files.text(path) == "new")
      #expect(Files.byteCount(path) == 3)
      var facts = stat()
      #expect(stat(path, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
      try Files.remove(path)
      try Files.remove(path)
      #expect(rmdir(directory) == 0)
    }
  }

  @Test func `what cannot be read or written is an error with path and cause`() throws {
    #expect(
      throws: FileError("open", "/nowhere/a", code: ENOENT),
      performing: { try Files.read("/nowhere/a") })
    try withTemporaryDirectory { directory in
      let path = directory + "/big"
      try Files.writeAtomically(path, [UInt8](repeating: 1, count: 100))
      #expect {
        try Files.read(path, bytesMax: 99)
      } throws: {
        "\($0)"
          == "cannot read \(path): File too large; at most 99 bytes; is this the right file?"
      }
      try Files.writeAtomically(path, [0xff])
      #expect {
        try Files.text(path)
      } throws: {
        "\($0)"
          == "cannot read \(path): Invalid or incomplete multibyte or wide character; save it as "
          + "UTF-8"
      }
    }
    #expect {
      try Files.writeAtomically("/nowhere/a", [1])
    } throws: {
      "\($0)" == "cannot create /nowhere/a.\(getpid()).new: No such file or directory"
    }
  }

  @Test func `free space is that of the directory where the file does not exist yet`() throws {
    // Others write meanwhile, so the two need not be equal.
    #expect(try Files.freeBytes("/tmp/hatang-not-there") > 0)
    #expect(throws: FileError.self) { try Files.freeBytes("/nowhere/at/all") }
  }

  @Test func `a second holder of a lock is told who holds it`() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/buffer.lock"
      var first: FileLock? = try FileLock(path: path, subject: "the buffer")
      #expect {
        _ = try FileLock(path: path, subject: "the buffer")
      } throws: {
        "\($0)"
          == "cannot use the buffer: process \(getpid()) holds \(path); stop that process, or give "
          + "this one a path of its own"
      }
      #expect(first?.path == path)
      first = nil
      _ = try FileLock(path: path, subject: "the buffer")
    }
  }
}

/// A directory for one test, removed with its files.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
  var template = Array("/tmp/hatang-test-XXXXXX".utf8CString)
  let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer {
    if let stream = opendir(directory) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink(directory + "/" + name)
      }
      closedir(stream)
    }
    rmdir(directory)
  }
  try body(directory)
}
