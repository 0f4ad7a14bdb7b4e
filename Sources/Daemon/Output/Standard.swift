import Glibc

/// Text for whoever started the program. Output that nobody reads any more (a closed pipe) is no
/// error of ours.
public enum Standard {
  public static func output(_ text: String) {
    try? Files.write(Array(text.utf8), to: STDOUT_FILENO, name: "standard output")
  }

  public static func error(_ text: String) {
    try? Files.write(Array(text.utf8), to: STDERR_FILENO, name: "standard error")
  }

  public static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  public static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
