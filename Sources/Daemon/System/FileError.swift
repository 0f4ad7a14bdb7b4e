import Glibc

/// A system call on a file, a socket or another descriptor failed.
public struct FileError: Error, Equatable, CustomStringConvertible {
  /// What was tried, such as `open`.
  public let operation: String
  /// The path, or what the descriptor stands for.
  public let subject: String
  /// `errno`; 0 where no system call is at fault.
  public let code: Int32
  /// What to do about it.
  public let hint: String

  public init(_ operation: String, _ subject: String, code: Int32, hint: String = "") {
    self.operation = operation
    self.subject = subject
    self.code = code
    self.hint = hint
  }

  public var isMissing: Bool { code == ENOENT }
  public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

  /// `cannot open /etc/x: Permission denied; remedy`
  public var description: String {
    let cause = code == 0 ? "" : ": \(FileError.text(of: code))"
    return "cannot \(operation) \(subject)\(cause)" + (hint.isEmpty ? "" : "; \(hint)")
  }

  /// The system's words for an error number, in English, as no program here sets a locale.
  public static func text(of code: Int32) -> String {
    // Since glibc 2.32 the text belongs to the calling thread.
    guard let text = unsafe strerror(code) else { return "error \(code)" }
    return unsafe String(cString: text)
  }
}
