import Glibc

/// Who may do what with a file.
public struct FileFacts: Equatable, Sendable {
  public let owner: UInt32
  public let group: UInt32
  /// The nine bits and the three above them, such as 0o640.
  public let mode: UInt32

  /// `nil` where there is no such file, or its folder may not be entered.
  public init?(_ path: String) {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    owner = facts.st_uid
    group = facts.st_gid
    mode = facts.st_mode & 0o7777
  }

  public init(owner: UInt32, group: UInt32, mode: UInt32) {
    self.owner = owner
    self.group = group
    self.mode = mode
  }

  /// `0640`.
  public var modeText: String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  /// Bits of one digit of the mode.
  public static let read: UInt32 = 4
  public static let write: UInt32 = 2
  public static let enter: UInt32 = 1

  /// - Parameter bits: of one digit of the mode.
  public func allows(_ bits: UInt32, to user: SystemUser) -> Bool {
    if user.id == 0 { return true }
    let digit =
      user.id == owner
      ? mode >> 6 & 7 : user.groups.contains(group) ? mode >> 3 & 7 : mode & 7
    return digit & bits == bits
  }
}

/// A user of this host.
public struct SystemUser: Equatable, Sendable {
  public let name: String
  public let id: UInt32
  /// The group of its login.
  public let group: UInt32
  /// All of them, that one included.
  public let groups: Set<UInt32>

  /// - Parameter group: `nil`: the one of the user's own number, as a system user's is.
  public init(name: String, id: UInt32, group: UInt32? = nil, groups: Set<UInt32>) {
    self.name = name
    self.id = id
    self.group = group ?? id
    self.groups = groups
  }

  /// `nil`: there is none. Call it from one thread at a time.
  public init?(named name: String) {
    guard let entry = unsafe getpwnam(name) else { return nil }
    unsafe self.init(name: name, id: entry.pointee.pw_uid, login: entry.pointee.pw_gid)
  }

  /// `nil`: nobody has a name for it. Call it from one thread at a time.
  public init?(id: UInt32) {
    guard let entry = unsafe getpwuid(id) else { return nil }
    let name = unsafe String(cString: entry.pointee.pw_name)
    unsafe self.init(name: name, id: id, login: entry.pointee.pw_gid)
  }

  private init?(name: String, id: UInt32, login group: UInt32) {
    var list = [gid_t](repeating: 0, count: 256)
    var count = Int32(list.count)
    guard unsafe getgrouplist(name, group, &list, &count) >= 0 else { return nil }
    self.init(name: name, id: id, group: group, groups: Set(list.prefix(Int(count))))
  }

  /// Whether this user can do with the file what is asked, its folders included; the first path
  /// that forbids it.
  public func obstacle(to path: String, bits: UInt32 = FileFacts.read) -> String? {
    var folder = Files.directory(of: path)
    var folders: [String] = []
    while folder != "/", folder != "." {
      folders.append(folder)
      folder = Files.directory(of: folder)
    }
    for folder in folders.reversed() {
      guard let facts = FileFacts(folder) else { return folder }
      if !facts.allows(FileFacts.enter, to: self) { return folder }
    }
    guard let facts = FileFacts(path), facts.allows(bits, to: self) else { return path }
    return nil
  }
}
