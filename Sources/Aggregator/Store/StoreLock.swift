package import Daemon

/// One daemon a store: held as long as the daemon runs.
package enum StoreLock {
  package static func take(_ storePath: String) throws(FileError) -> FileLock {
    try FileLock(path: storePath + ".lock", subject: "store \(storePath)")
  }
}
