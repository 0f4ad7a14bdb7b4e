import Daemon

/// The openssl program, which makes and checks keys, certificates and revocation lists.
package enum OpenSSL {
  package struct Outcome: Sendable {
    package let isDone: Bool
    /// Standard output and error together.
    package let text: String

    /// The line that says what is wrong.
    package var complaint: String {
      let lines = text.split(separator: "\n").map(String.init)
      let marks = ["rror", "ailed", "nable"]
      return lines.first { line in marks.contains { line.contains($0) } } ?? lines.last
        ?? "no word"
    }
  }

  /// A shell puts standard error into the output, for a person must see it only where it fails.
  private static func shell(umask: String) -> [String] {
    ["sh", "-c", "umask \(umask); exec openssl \"$@\" 2>&1", "sh"]
  }
  private static let notFound: Int32 = 127

  /// Runs it to its end, whatever that is.
  /// - Parameter umask: for the files that it makes.
  package static func attempt(
    _ arguments: [String], umask: String = "022"
  ) throws(EnrolmentError) -> Outcome {
    let outcome: ChildProcess.Outcome
    do throws(FileError) {
      outcome = try ChildProcess.run(shell(umask: umask) + arguments, bytesMax: 1 << 20)
    } catch { throw EnrolmentError(error) }
    guard outcome.exitCode != notFound else {
      throw EnrolmentError(
        "openssl",
        .init(vi: "chưa có chương trình openssl", en: "the openssl program is missing"),
        remedy: .init(vi: "sudo apt install openssl", en: "install the package openssl"))
    }
    return Outcome(
      isDone: outcome.exitCode == 0, text: String(decoding: outcome.output, as: UTF8.self))
  }

  /// Runs it, and takes anything but success for an error.
  /// - Parameter task: what it is for, as in "openssl cannot …".
  @discardableResult
  package static func run(
    _ task: String, _ arguments: [String], umask: String = "022"
  ) throws(EnrolmentError) -> String {
    let outcome = try attempt(arguments, umask: umask)
    guard outcome.isDone else {
      throw EnrolmentError(
        "openssl",
        .init(
          vi: "không làm được (\(task)): \(outcome.complaint)",
          en: "cannot \(task): \(outcome.complaint)"),
        remedy: .init(
          vi: "xem đĩa còn chỗ không, và các tệp có bị sửa bằng tay không",
          en: "see that the disk has room, and that the files were not changed by hand"))
    }
    return outcome.text
  }

  /// The public key of a certificate or of a private key as PEM text, for comparison; `nil`: the
  /// file holds none that openssl can read.
  package static func publicKey(ofCertificate file: String) throws(EnrolmentError) -> String? {
    let outcome = try attempt(["x509", "-in", file, "-noout", "-pubkey"])
    return outcome.isDone ? outcome.text : nil
  }

  package static func publicKey(ofKey file: String) throws(EnrolmentError) -> String? {
    let outcome = try attempt(["pkey", "-in", file, "-pubout", "-passin", "pass:"])
    return outcome.isDone ? outcome.text : nil
  }

  /// Makes a key on the curve P-256, which every TLS library knows; only its owner can read it.
  package static func makeKey(_ file: String) throws(EnrolmentError) {
    try run(
      "make a key",
      ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file],
      umask: "077")
  }
}
