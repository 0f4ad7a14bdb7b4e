import CSQLite
import Daemon
import Glibc
import Synchronization

/// A file of a disk for as long as it exists, whatever it is called.
typealias FileNumber = Int

/// What happened to a disk, in order.
enum DiskEvent {
  /// A new, empty file got this name.
  case link(String, FileNumber)
  case unlink(String)
  case rename(String, to: String)
  /// A whole file of the product's own, written and synced under another name, got this one.
  case replace(String, FileNumber, [UInt8])
  case syncFolder
  case write(FileNumber, at: Int, [UInt8])
  case truncate(FileNumber, to: Int)
  case sync(FileNumber)
  /// The program promised something to somebody: a PUBACK, a receipt.
  case promise(Int)

  /// Which file has which name has changed.
  var isOfNames: Bool {
    switch self {
    case .link, .unlink, .rename, .replace, .syncFolder: true
    case .write, .truncate, .sync, .promise: false
    }
  }
}

/// A folder whose databases are seen through `FaultVFS`: it records what is done to them, and
/// refuses what a `Failure` says. Thread-safe.
///
/// Files that SQLite does not touch (the buffer's marks, a damaged file that is moved) are seen by
/// inotify: `Files` syncs each of them, and its folder, before it goes on, so a rename that is seen
/// is followed by a sync of the folder. That sync is taken for granted here, not observed.
final class FaultDisk: Sendable {
  let folder: String
  private let state: Mutex<State>
  /// Held while a file is opened or deleted: whether it is new must stay true meanwhile.
  let opening = Mutex(())

  enum Call {
    case open(Int32)
    case read
    case write
    case truncate
    case sync
    case delete
    /// Of a log's index.
    case sharedMemory
  }

  /// Sees each call before it is done, with the name of its file; refuses it with a code.
  typealias Rule = @Sendable (Call, String) -> Int32?

  fileprivate struct State {
    var events: [DiskEvent] = []
    var names: [String: FileNumber] = [:]
    var fileCount = 0
    var renames: RenameWatch
    var failure: Failure?
    var rule: Rule?
    var promiseCount = 0
  }

  /// - Parameter folder: exists, canonical. What lies in it is durable.
  init(_ folder: String) throws {
    self.folder = folder
    state = Mutex(State(renames: try RenameWatch(folder)))
    for name in Folder.names(folder) where !name.hasSuffix("-shm") {
      let bytes = try Files.read("\(folder)/\(name)")
      state.withLock { $0.replace(name, bytes) }
    }
    FaultVFS.attach(self)
  }

  /// The recording ends; the folder stays.
  func detach() {
    FaultVFS.detach(self)
    state.withLock { $0.renames.close() }
  }

  /// Everything until now.
  var events: [DiskEvent] {
    state.withLock { state in
      state.absorb(folder)
      return state.events
    }
  }

  func promise() {
    state.withLock { state in
      state.absorb(folder)
      state.events.append(.promise(state.promiseCount))
      state.promiseCount += 1
    }
  }

  /// What is refused from now on.
  func fail(_ failure: Failure) { state.withLock { $0.failure = failure } }

  /// Asked about each call from now on. It may block.
  func watch(_ rule: @escaping Rule) { state.withLock { $0.rule = rule } }

  /// Nothing is refused any more.
  func mend() {
    state.withLock {
      $0.failure?.isMended = true
      $0.rule = nil
    }
  }

  /// Whether the failure has come to pass.
  var hasFailed: Bool { state.withLock { $0.failure?.hasStruck ?? false } }

  /// How many calls the failure would have concerned.
  var concernedCalls: Int { state.withLock { $0.failure?.seen ?? 0 } }

  // MARK: For the VFS

  func refusal(of call: Call, path: String) -> Int32? {
    refusal(of: call) { _ in FaultDisk.name(path) }
  }

  func refusal(of call: Call, file: FileNumber) -> Int32? {
    refusal(of: call) { state in state.names.first { $0.value == file }?.key ?? "" }
  }

  private func refusal(of call: Call, name: (State) -> String) -> Int32? {
    let (code, rule, named) = state.withLock { state in
      state.absorb(folder)
      return (
        state.failure?.refusal(of: call), state.rule, state.rule == nil ? "" : name(state)
      )
    }
    return code ?? rule?(call, named)
  }

  func opened(_ path: String, isNew: Bool) -> FileNumber {
    let name = FaultDisk.name(path)
    return state.withLock { state in
      if let known = state.names[name], !isNew { return known }
      let number = state.newNumber()
      state.names[name] = number
      state.events.append(.link(name, number))
      return number
    }
  }

  func deleted(_ path: String, isDurable: Bool) {
    let name = FaultDisk.name(path)
    state.withLock { state in
      state.names[name] = nil
      state.events.append(.unlink(name))
      if isDurable { state.events.append(.syncFolder) }
    }
  }

  func record(_ event: DiskEvent) { state.withLock { $0.events.append(event) } }

  private static func name(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

extension FaultDisk.State {
  fileprivate mutating func newNumber() -> FileNumber {
    fileCount += 1
    return fileCount
  }

  fileprivate mutating func replace(_ name: String, _ bytes: [UInt8]) {
    let number = newNumber()
    names[name] = number
    events += [.replace(name, number, bytes), .syncFolder]
  }

  /// What was renamed since the last call.
  fileprivate mutating func absorb(_ folder: String) {
    for (from, to) in renames.drain() {
      if from.hasSuffix(".new") {
        replace(to, (try? Files.read("\(folder)/\(to)")) ?? [])
      } else {
        names[to] = names.removeValue(forKey: from)
        events += [.rename(from, to: to), .syncFolder]
      }
    }
  }
}

/// Which calls a disk refuses.
struct Failure {
  enum Kind: Sendable {
    /// The n-th call fails once, or it and all that follow.
    case inputOutput(isLasting: Bool)
    case full(isLasting: Bool)
    /// One read brings less than was asked for.
    case shortRead
    /// Remounted: writes fail, and so does opening for writing.
    case readOnly
  }

  let kind: Kind
  /// Calls that it concerns and that go well before.
  let after: Int
  /// Calls that it concerned until now.
  private(set) var seen = 0
  private(set) var hasStruck = false
  var isMended = false

  init(_ kind: Kind, after calls: Int) {
    self.kind = kind
    after = calls
  }

  mutating func refusal(of call: FaultDisk.Call) -> Int32? {
    guard !isMended, let code = code(of: call) else { return nil }
    seen += 1
    guard seen > after, isLasting || !hasStruck else { return nil }
    hasStruck = true
    return code
  }

  private var isLasting: Bool {
    switch kind {
    case .inputOutput(let isLasting), .full(let isLasting): isLasting
    case .shortRead: false
    case .readOnly: true
    }
  }

  private func code(of call: FaultDisk.Call) -> Int32? {
    switch (kind, call) {
    case (.inputOutput, .read): SQLITE_IOERR | 1 << 8
    case (.inputOutput, .write): SQLITE_IOERR | 3 << 8
    case (.inputOutput, .sync): SQLITE_IOERR | 4 << 8
    case (.inputOutput, .truncate): SQLITE_IOERR | 6 << 8
    case (.inputOutput, .delete): SQLITE_IOERR | 10 << 8
    case (.full, .write): SQLITE_FULL
    case (.shortRead, .read): SQLITE_IOERR_SHORT_READ
    case (.readOnly, .write), (.readOnly, .truncate): SQLITE_IOERR | 3 << 8
    case (.readOnly, .sync): SQLITE_IOERR | 4 << 8
    case (.readOnly, .delete): SQLITE_IOERR | 10 << 8
    case (.readOnly, .open(let flags)):
      flags & SQLITE_OPEN_READWRITE != 0 ? SQLITE_CANTOPEN : nil
    default: nil
    }
  }
}

let SQLITE_IOERR_SHORT_READ = SQLITE_IOERR | 2 << 8
