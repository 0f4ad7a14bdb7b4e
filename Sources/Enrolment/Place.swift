import Daemon
import Glibc

/// Folders, owners and modes of what an enrolment puts on a disk.
package enum Place {
  /// Makes a folder; one that is there keeps its owner and mode.
  package static func makeFolder(_ path: String, mode: UInt32) throws(EnrolmentError) {
    guard unsafe mkdir(path, mode) != 0 else { return }
    guard errno == EEXIST else {
      throw EnrolmentError(FileError("create the folder", path, code: errno))
    }
  }

  /// Removes a folder and the named files in it; that any is missing is no error.
  package static func removeFolder(_ path: String, files: [String]) {
    for file in files { _ = unsafe unlink("\(path)/\(file)") }
    _ = unsafe rmdir(path)
  }

  /// The permission bits; `nil` where there is no such file.
  package static func mode(of path: String) -> UInt32? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0 else { return nil }
    return facts.st_mode & 0o7777
  }

  /// Lets a group read a file that belongs to root.
  /// - Returns: whether it could: only root may, and the group must be there. If not, the file
  ///   stays readable by its owner alone.
  package static func share(_ path: String, withGroup name: String) throws(EnrolmentError) -> Bool {
    guard geteuid() == 0, let group = unsafe getgrnam(name) else { return false }
    let id = unsafe group.pointee.gr_gid
    guard unsafe chown(path, 0, id) == 0, unsafe chmod(path, 0o640) == 0 else {
      throw EnrolmentError(FileError("set owner and mode of", path, code: errno))
    }
    return true
  }

  /// Writes a file whole and durably.
  package static func write(
    _ text: String, to path: String, mode: UInt32
  ) throws(EnrolmentError) {
    do throws(FileError) {
      try Files.writeAtomically(path, Array(text.utf8), mode: mode)
    } catch { throw EnrolmentError(error) }
  }

  package static func text(
    of path: String, bytesMax: Int = 1 << 20
  ) throws(EnrolmentError) -> String {
    do throws(FileError) {
      return try Files.text(path, bytesMax: bytesMax)
    } catch { throw EnrolmentError(error) }
  }

  package static func move(_ path: String, to target: String) throws(EnrolmentError) {
    do throws(FileError) {
      try Files.move(path, to: target)
    } catch { throw EnrolmentError(error) }
  }
}
