import Daemon
import Glibc

/// The checkout that these tests belong to.
public enum Repository {
  public static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()

  public static func path(_ name: String) -> String { "\(root)/\(name)" }

  public static func text(_ name: String) throws -> String { try Files.text(path(name)) }

  /// A program of this package, as `swift build -c release` leaves it; `HATANG_PROGRAMS` names
  /// another folder.
  public static func program(_ name: String) -> String {
    let folder = getenv("HATANG_PROGRAMS").map { String(cString: $0) } ?? path(".build/release")
    return "\(folder)/\(name)"
  }
}
