import CSQLite
import Glibc
import Synchronization

/// An SQLite VFS over the system's own one. Files in the folder of a `FaultDisk` tell it of each
/// call, which may refuse it; every other file is opened by the system's VFS and never comes back
/// here. So it may be the default of a process whose other tests open databases too, and the
/// product needs no seam.
///
/// In Swift and not in C: SQLite's structs and callbacks are all that C is needed for, Swift fills
/// them with functions that capture nothing, and what is recorded is Swift's own.
enum FaultVFS {
  private static let disks = Mutex<[String: FaultDisk]>([:])

  /// From here on, databases in the disk's folder are its own.
  static func attach(_ disk: FaultDisk) {
    precondition(registration == SQLITE_OK)
    disks.withLock { $0[disk.folder] = disk }
  }

  static func detach(_ disk: FaultDisk) { disks.withLock { $0[disk.folder] = nil } }

  private static let registration: Int32 = {
    sqlite3_initialize()
    return sqlite3_vfs_register(UnsafeMutablePointer(mutating: FaultVFS.own), 1)
  }()

  // Made once before the registration, and only read from then on.
  fileprivate nonisolated(unsafe) static let system = FaultVFS.found("unix")

  private nonisolated(unsafe) static let own: UnsafePointer<sqlite3_vfs> = {
    let own = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    // What is not replaced goes straight to the system's functions, which use nothing of the
    // struct but `pAppData`.
    own.initialize(to: system.pointee)
    own.pointee.zName = UnsafePointer(strdup("hatang-faults"))
    own.pointee.pNext = nil
    own.pointee.szOsFile = Int32(Handle.bytes) + system.pointee.szOsFile
    own.pointee.xOpen = { _, name, file, flags, outFlags in
      guard let file else { return SQLITE_MISUSE }
      return FaultVFS.open(name, file, flags, outFlags)
    }
    own.pointee.xDelete = { _, name, isDurable in
      guard let name else { return SQLITE_MISUSE }
      let path = String(cString: name)
      guard let disk = FaultVFS.disk(of: path) else {
        return system.pointee.xDelete(system, name, isDurable)
      }
      if let code = disk.refusal(of: .delete, path: path) { return code }
      return disk.opening.withLock { _ in
        let code = system.pointee.xDelete(system, name, isDurable)
        if code == SQLITE_OK { disk.deleted(path, isDurable: isDurable != 0) }
        return code
      }
    }
    return UnsafePointer(own)
  }()

  private static func found(_ name: String) -> UnsafeMutablePointer<sqlite3_vfs> {
    guard let found = sqlite3_vfs_find(name) else { fatalError("SQLite has no VFS \(name)") }
    return found
  }

  fileprivate static func disk(of path: String) -> FaultDisk? {
    guard let slash = path.lastIndex(of: "/") else { return nil }
    return disks.withLock { $0[String(path[..<slash])] }
  }

  private static func open(
    _ name: sqlite3_filename?, _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32,
    _ outFlags: UnsafeMutablePointer<Int32>?
  ) -> Int32 {
    guard let name, let disk = disk(of: String(cString: name)) else {
      return system.pointee.xOpen(system, name, file, flags, outFlags)
    }
    let path = String(cString: name)
    file.pointee.pMethods = nil
    if let code = disk.refusal(of: .open(flags), path: path) { return code }
    var isNew = false
    var number = 0
    // Two threads may make one log at the same moment.
    let code = disk.opening.withLock { _ in
      isNew = access(path, F_OK) != 0
      let code = system.pointee.xOpen(system, name, Handle.inner(file), flags, outFlags)
      if code == SQLITE_OK { number = disk.opened(path, isNew: isNew) }
      return code
    }
    guard code == SQLITE_OK else { return code }
    // "UNIXFILE_DIRSYNC": the system's VFS syncs the folder with the first sync of such a file.
    let journals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL
    UnsafeMutableRawPointer(file).initializeMemory(
      as: Handle.self,
      to: Handle(
        methods: methods, disk: Unmanaged.passRetained(disk),
        file: number, syncsFolder: isNew && flags & journals != 0))
    return SQLITE_OK
  }

  /// As the system's methods, version 2: without memory mapping.
  private nonisolated(unsafe) static let methods: UnsafePointer<sqlite3_io_methods> = {
    let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
    methods.initialize(to: sqlite3_io_methods())
    methods.pointee.iVersion = 2
    fillFileMethods(&methods.pointee)
    fillLockMethods(&methods.pointee)
    return UnsafePointer(methods)
  }()

  private static func fillFileMethods(_ methods: inout sqlite3_io_methods) {
    methods.xClose = { file in
      let code = Handle.system(file).xClose(Handle.inner(file))
      Handle.of(file).pointee.disk.release()
      file?.pointee.pMethods = nil
      return code
    }
    methods.xRead = { file, bytes, count, offset in
      let handle = Handle.of(file)
      if let code = handle.pointee.refusal(of: .read) {
        // "If xRead() returns SQLITE_IOERR_SHORT_READ it must also fill in the unread portions of
        // the buffer with zeros." https://sqlite.org/c3ref/io_methods.html
        if code == SQLITE_IOERR_SHORT_READ {
          UnsafeMutableRawBufferPointer(start: bytes, count: Int(count)).initializeMemory(
            as: UInt8.self, repeating: 0)
        }
        return code
      }
      return Handle.system(file).xRead(Handle.inner(file), bytes, count, offset)
    }
    methods.xWrite = { file, bytes, count, offset in
      let handle = Handle.of(file)
      let disk = handle.pointee.knownDisk
      if let code = handle.pointee.refusal(of: .write) { return code }
      let code = Handle.system(file).xWrite(Handle.inner(file), bytes, count, offset)
      guard code == SQLITE_OK else { return code }
      let written = UnsafeRawBufferPointer(start: bytes, count: Int(count))
      disk.record(.write(handle.pointee.file, at: Int(offset), [UInt8](written)))
      return code
    }
    methods.xTruncate = { file, size in
      let handle = Handle.of(file)
      if let code = handle.pointee.refusal(of: .truncate) { return code }
      let code = Handle.system(file).xTruncate(Handle.inner(file), size)
      if code == SQLITE_OK {
        handle.pointee.knownDisk.record(.truncate(handle.pointee.file, to: Int(size)))
      }
      return code
    }
    methods.xSync = { file, _ in
      // The real disk is not asked: what is durable is decided here.
      let handle = Handle.of(file)
      let disk = handle.pointee.knownDisk
      if let code = handle.pointee.refusal(of: .sync) { return code }
      disk.record(.sync(handle.pointee.file))
      if handle.pointee.syncsFolder {
        handle.pointee.syncsFolder = false
        disk.record(.syncFolder)
      }
      return SQLITE_OK
    }
    methods.xFileSize = { Handle.system($0).xFileSize(Handle.inner($0), $1) }
    methods.xFileControl = { Handle.system($0).xFileControl(Handle.inner($0), $1, $2) }
    methods.xSectorSize = { Handle.system($0).xSectorSize(Handle.inner($0)) }
    methods.xDeviceCharacteristics = {
      Handle.system($0).xDeviceCharacteristics(Handle.inner($0))
    }
  }

  private static func fillLockMethods(_ methods: inout sqlite3_io_methods) {
    methods.xLock = { Handle.system($0).xLock(Handle.inner($0), $1) }
    methods.xUnlock = { Handle.system($0).xUnlock(Handle.inner($0), $1) }
    methods.xCheckReservedLock = {
      Handle.system($0).xCheckReservedLock(Handle.inner($0), $1)
    }
    methods.xShmMap = { file, region, size, isExtending, place in
      let handle = Handle.of(file)
      if let code = handle.pointee.refusal(of: .sharedMemory) { return code }
      return Handle.system(file).xShmMap(Handle.inner(file), region, size, isExtending, place)
    }
    methods.xShmLock = { Handle.system($0).xShmLock(Handle.inner($0), $1, $2, $3) }
    methods.xShmBarrier = { Handle.system($0).xShmBarrier(Handle.inner($0)) }
    methods.xShmUnmap = { Handle.system($0).xShmUnmap(Handle.inner($0), $1) }
  }
}

/// What lies where SQLite believes its `sqlite3_file` to be; the system's file follows it.
private struct Handle {
  /// The first field of `sqlite3_file`.
  let methods: UnsafePointer<sqlite3_io_methods>
  let disk: Unmanaged<FaultDisk>
  let file: FileNumber
  var syncsFolder: Bool

  static let bytes = (MemoryLayout<Handle>.stride + 15) & ~15

  var knownDisk: FaultDisk { disk.takeUnretainedValue() }

  func refusal(of call: FaultDisk.Call) -> Int32? { knownDisk.refusal(of: call, file: file) }

  static func of(_ file: UnsafeMutablePointer<sqlite3_file>?) -> UnsafeMutablePointer<Handle> {
    guard let file else { fatalError("SQLite names no file") }
    return UnsafeMutableRawPointer(file).assumingMemoryBound(to: Handle.self)
  }

  static func inner(
    _ file: UnsafeMutablePointer<sqlite3_file>?
  ) -> UnsafeMutablePointer<sqlite3_file>? {
    file.map { (UnsafeMutableRawPointer($0) + bytes).assumingMemoryBound(to: sqlite3_file.self) }
  }

  static func system(_ file: UnsafeMutablePointer<sqlite3_file>?) -> sqlite3_io_methods {
    guard let methods = inner(file)?.pointee.pMethods else { fatalError("the file is closed") }
    return methods.pointee
  }
}
