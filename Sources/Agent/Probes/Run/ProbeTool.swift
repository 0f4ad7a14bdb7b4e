package import Daemon
import Glibc

/// Runs the programs that probes stand on, and says in its own words what went wrong with one.
package enum ProbeTool {
  /// Output beyond it is no answer to any of our questions.
  static let bytesMax = 8 << 20

  /// Starts a program; `finish` waits for it.
  static func start(
    _ words: [String], input: [UInt8] = [], within limit: Duration
  ) throws(ProbeFailure) -> SupervisedProcess {
    do throws(FileError) {
      return try SupervisedProcess(words, input: input, within: limit)
    } catch {
      let name = words.first ?? ""
      guard error.isMissing else { throw failed(name, "\(error)") }
      throw ProbeFailure(
        .toolMissing, "chưa cài chương trình \(name); hãy cài gói \(debianPackage(of: name))",
        "\(name) is not installed; install the package \(debianPackage(of: name))")
    }
  }

  static func finish(
    _ process: SupervisedProcess, bytesMax: Int = bytesMax
  ) throws(ProbeFailure) -> SupervisedProcess.Outcome {
    let outcome: SupervisedProcess.Outcome
    do throws(FileError) {
      outcome = try process.finish(bytesMax: bytesMax)
    } catch {
      guard error.code != EFBIG else {
        throw ProbeFailure(
          .nonsense, "\(process.name) trả lời dài hơn \(bytesMax) byte; kết quả bị bỏ",
          "\(process.name) answered with more than \(bytesMax) bytes; nothing of it is used")
      }
      throw failed(process.name, "\(error)")
    }
    guard !outcome.isHung else {
      throw ProbeFailure(
        .toolHung,
        "\(process.name) không xong sau \(process.limit.components.seconds) s và đã bị dừng",
        "\(process.name) was not done after \(process.limit.components.seconds) s and was ended")
    }
    return outcome
  }

  static func run(
    _ words: [String], input: [UInt8] = [], within limit: Duration, bytesMax: Int = bytesMax
  ) throws(ProbeFailure) -> SupervisedProcess.Outcome {
    let process = try start(words, input: input, within: limit)
    return try finish(process, bytesMax: bytesMax)
  }

  /// The program's own words on why it failed, one line of them.
  static func failed(_ name: String, _ words: String) -> ProbeFailure {
    ProbeFailure(.toolFailed, "\(name) báo lỗi: \(words)", "\(name) failed: \(words)")
  }

  /// The first line of standard error, or the exit code where there is none.
  static func words(_ outcome: SupervisedProcess.Outcome) -> String {
    let text = String(decoding: outcome.errors, as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    return line.isEmpty ? "exit code \(outcome.exitCode)" : String(line.prefix(200))
  }

  package static func json(
    _ bytes: [UInt8], of name: String
  ) throws(ProbeFailure) -> ConfigNode {
    do throws(ConfigNode.AnswerFault) {
      return try ConfigNode.answer(bytes, of: name)
    } catch {
      switch error {
      case .cutShort:
        throw ProbeFailure(
          .cutShort, "trả lời của \(name) bị đứt giữa chừng sau \(bytes.count) byte",
          "the answer of \(name) ends in the middle, after \(bytes.count) bytes")
      case .nonsense(let text):
        throw ProbeFailure(
          .nonsense, "trả lời của \(name) không phải là JSON: \(text)",
          "the answer of \(name) is no JSON: \(text)")
      }
    }
  }

  /// Debian's name of the package that holds a program.
  private static func debianPackage(of name: String) -> String {
    switch name {
    case "mmcli": "modemmanager"
    case "ping": "iputils-ping"
    default: String(name.split(separator: "/").last ?? "")
    }
  }
}
