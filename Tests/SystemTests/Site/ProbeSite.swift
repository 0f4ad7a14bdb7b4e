import Daemon
import Glibc
import TestSupport

/// What a probe needs to run: a configuration, a folder of fake programs, a state.
final class ProbeSite {
  let folder: TemporaryFolder
  /// Before all else on the probe's path.
  let programs: String
  let port: Int

  /// - Parameter port: of the local broker; 0: there is none.
  init(in folder: TemporaryFolder = TemporaryFolder(), port: Int = 0, probes: String) {
    self.folder = folder
    self.port = port
    programs = folder.file("bin")
    run("/bin/mkdir", ["-p", programs])
    // Port 1 answers nobody.
    folder.write(
      """
      { agent: "tram-1", local: { host: "127.0.0.1", port: \(port == 0 ? 1 : port) },
        uplink: { host: "127.0.0.1", port: 1 }, buffer: { path: "\(folder.file("none.db"))" },
        textfile: "\(folder.file("hatang.prom"))", probes: { \(probes) } }
      """, to: "probe.json5")
  }

  /// Puts one of the fakes of Tests/Resources on the path, under a tool's name.
  func fake(_ script: String, as tool: String) {
    let path = Repository.path("Tests/Resources/probes/fakes/\(script).sh")
    precondition(run("/bin/cp", [path, "\(programs)/\(tool)"]) == 0, "no fake \(script)")
  }

  /// mmcli with the recorded answers, changed word by word.
  func fakeModem(_ changes: [(old: String, new: String)] = []) throws {
    fake("mmcli", as: "mmcli")
    for name in ["modem", "signal", "location"] {
      var text = try Repository.text("Tests/Resources/probes/\(name).json")
      for change in changes { text = replaced(text, change.old, change.new) }
      folder.write(text, to: "bin/\(name).json")
    }
  }

  /// Runs `hatang-agent probe KIND` to its end.
  /// - Parameters:
  ///   - isPathBare: nothing but the fakes are on the path.
  ///   - bus: where ModemManager is played.
  ///   - prefix: words before the program, such as those that enter a namespace.
  func probe(
    _ kind: String, _ options: [String] = [], isPathBare: Bool = false, bus: String? = nil,
    prefix: [String] = []
  ) throws -> (text: String, exitCode: Int32) {
    let words = words(kind, options, isPathBare: isPathBare, bus: bus, prefix: prefix)
    return try output(of: words[0], Array(words.dropFirst()), in: folder, within: .seconds(180))
  }

  /// Starts a run, for a test that has other things to do meanwhile.
  func start(_ kind: String, log: String) -> Program {
    let words = words(kind)
    return Program(words[0], Array(words.dropFirst()), log: folder.file(log))
  }

  private func words(
    _ kind: String, _ options: [String] = [], isPathBare: Bool = false, bus: String? = nil,
    prefix: [String] = []
  ) -> [String] {
    let path = isPathBare ? programs : "\(programs):/usr/sbin:/usr/bin:/sbin:/bin"
    let environment = ["PATH=\(path)"] + (bus.map { ["DBUS_SYSTEM_BUS_ADDRESS=\($0)"] } ?? [])
    return prefix + ["/usr/bin/env", "-i"] + environment + [
      Repository.program("hatang-agent"), "probe", kind, "--config", folder.file("probe.json5"),
    ] + options
  }

  /// The state file of a probe.
  func state(_ kind: String, _ name: String) throws -> ConfigNode {
    let path = folder.file("probes/\(kind)-\(name).json")
    return try ConfigNode.answer(Files.read(path), of: path)
  }

  /// How many runs of a probe ended so, as the state and the metrics say; throws where they differ.
  func count(_ kind: String, _ name: String, _ outcome: String) throws -> Int64 {
    let counted = try state(kind, name).at("runs", outcome)?.integer(in: 0...1_000) ?? 0
    let sample =
      "hatang_probe_runs_total{kind=\"\(kind)\",probe=\"\(name)\",outcome=\"\(outcome)\"}"
    let metrics = try folder.text(of: "hatang-probe-\(kind)-\(name).prom")
    guard metrics.split(separator: "\n").contains("\(sample) \(counted)") else {
      throw TestFailure("the metrics do not say \(sample) \(counted):\n\(metrics)")
    }
    return counted
  }

  private func replaced(_ text: String, _ old: String, _ new: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      var rest = line[...]
      var result = ""
      while !rest.isEmpty {
        if rest.hasPrefix(old) {
          result += new
          rest = rest.dropFirst(old.count)
        } else {
          result.append(rest.removeFirst())
        }
      }
      return result
    }.joined(separator: "\n")
  }
}
