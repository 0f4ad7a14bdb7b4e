import Glibc

/// Secrets that the service manager hands to a service (systemd.exec(5), `LoadCredential=`): root's
/// files, readable for this process only, in `$CREDENTIALS_DIRECTORY`. The configuration names the
/// file that root keeps, and so says the same to a person's `check` and to the daemon.
public enum Credentials {
  /// The file to read for `path`: itself where we may, for it is newer than what was handed over at
  /// the start; else the credential of the same name, where there is one with something in it. The
  /// unit gives a line break for a file that is not there.
  public static func file(for path: String) -> String {
    guard let value = unsafe getenv("CREDENTIALS_DIRECTORY") else { return path }
    return file(for: path, in: unsafe String(cString: value))
  }

  package static func file(for path: String, in directory: String) -> String {
    guard unsafe access(path, R_OK) != 0, let name = path.split(separator: "/").last else {
      return path
    }
    let credential = "\(directory)/\(name)"
    return (Files.byteCount(credential) ?? 0) > 1 ? credential : path
  }
}
