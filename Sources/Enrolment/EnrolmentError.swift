package import Daemon

/// Why an enrolment is refused or failed. Nothing was changed, unless the text says so.
package struct EnrolmentError: Error, Equatable, CustomStringConvertible {
  /// What is at fault: a file, an agent's name.
  package let subject: String
  /// What is wrong, with the value met and what is legal.
  package let problem: Words
  /// What to do.
  package let remedy: Words

  /// A sentence's part for the technician on site, and the same for whoever helps from afar.
  package struct Words: Equatable, Sendable {
    package let vi: String
    package let en: String

    package init(vi: String, en: String) {
      self.vi = vi
      self.en = en
    }
  }

  package init(_ subject: String, _ problem: Words, remedy: Words) {
    self.subject = subject
    self.problem = problem
    self.remedy = remedy
  }

  package init(_ error: FileError) {
    let cause = error.code == 0 ? "" : ": \(FileError.text(of: error.code))"
    let remedy: Words =
      if !error.hint.isEmpty {
        Words(vi: error.hint, en: error.hint)
      } else if error.isMissing {
        Words(vi: "kiểm tra đường dẫn", en: "check the path")
      } else if error.isDiskFull {
        Words(vi: "giải phóng đĩa", en: "free space")
      } else {
        Words(vi: "chạy bằng sudo", en: "run it as root")
      }
    self.init(
      error.subject,
      Words(
        vi: "không làm được (\(error.operation)\(cause))", en: "cannot \(error.operation)\(cause)"),
      remedy: remedy)
  }

  /// Vietnamese, and English in the line below.
  package var description: String {
    "\(subject): \(problem.vi); \(remedy.vi)\n  \(problem.en); \(remedy.en)"
  }
}
