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
    /// `nil`: only operators read it, in English.
    package let vi: String?
    package let en: String

    package init(vi: String? = nil, en: String) {
      self.vi = vi
      self.en = en
    }
  }

  package init(_ subject: String, _ problem: Words, remedy: Words) {
    self.subject = subject
    self.problem = problem
    self.remedy = remedy
  }

  /// For operators.
  package init(_ subject: String, _ problem: String, remedy: String) {
    self.init(subject, Words(en: problem), remedy: Words(en: remedy))
  }

  package init(_ error: FileError) {
    let cause = error.code == 0 ? "" : ": \(FileError.text(of: error.code))"
    var remedy = error.hint
    if remedy.isEmpty {
      remedy =
        if error.isMissing {
          "check the path"
        } else if error.isDiskFull {
          "free space"
        } else {
          "run it as root"
        }
    }
    self.init(error.subject, "cannot \(error.operation)\(cause)", remedy: remedy)
  }

  /// Vietnamese, and English in the line below.
  package var description: String {
    let english = "\(subject): \(problem.en); \(remedy.en)"
    guard let vi = problem.vi else { return english }
    return "\(subject): \(vi); \(remedy.vi ?? remedy.en)\n  \(problem.en); \(remedy.en)"
  }
}
