import CLinux
import Glibc

/// Whose rights this process has.
public enum Privileges {
  /// Becomes the owner of a directory where root was, so that what root runs by hand leaves no file
  /// behind that the service may not touch. Does nothing for others, and where root owns it. Before
  /// any thread is started.
  public static func becomeOwner(of directory: String) throws(FileError) {
    var facts = stat()
    guard geteuid() == 0 else { return }
    guard unsafe stat(directory, &facts) == 0 else {
      throw FileError("see the owner of", directory, code: errno)
    }
    guard facts.st_uid != 0 else { return }
    guard setgroups(0, nil) == 0, setgid(facts.st_gid) == 0, setuid(facts.st_uid) == 0 else {
      throw FileError("become the owner of", directory, code: errno)
    }
  }

  /// Gives the calling thread a user's rights for the rest of its life, and with it the programs
  /// that it starts (credentials(7)). For a thread that was started for this; it takes root.
  public static func becomeOnThisThread(_ user: SystemUser) throws(FileError) {
    let groups = Array(user.groups)
    guard unsafe hatang_thread_setgroups(groups.count, groups) == 0,
      hatang_thread_setgid(user.group) == 0, hatang_thread_setuid(user.id) == 0
    else { throw FileError("become", user.name, code: errno) }
  }
}
