import Daemon
import Glibc
import TestSupport
import Testing

@Suite struct SupervisedProcessTests {
  @Test func `a program gets its input, and gives both outputs and its code`() throws {
    let process = try SupervisedProcess(
      ["sh", "-c", "cat; echo trouble >&2; exit 3"], input: Array("b\n".utf8), within: .seconds(30))
    let outcome = try process.finish()
    #expect(outcome.output == Array("b\n".utf8) && outcome.errors == Array("trouble\n".utf8))
    #expect(outcome.exitCode == 3 && !outcome.isHung)
  }

  @Test func `a tool sees the path and the C locale and nothing else of our environment`() throws {
    let process = try SupervisedProcess(["env"], within: .seconds(30))
    let names = try String(decoding: process.finish().output, as: UTF8.self)
      .split(separator: "\n").map { String($0.prefix { $0 != "=" }) }
    #expect(Set(names).isSubset(of: ["PATH", "DBUS_SYSTEM_BUS_ADDRESS", "LC_ALL"]))
    #expect(names.contains("LC_ALL") && names.contains("PATH"))
  }

  @Test func `a program that hangs is ended at the deadline with all that it started`() throws {
    let folder = TemporaryFolder()
    let script = Repository.path("Tests/Resources/probes/fakes/hangs.sh")
    #expect(run("/bin/cp", [script, folder.file("hangs")]) == 0)
    let process = try SupervisedProcess([folder.file("hangs")], within: .seconds(1))
    #expect(try process.finish().isHung)
    let child = try #require(
      pid_t(String(try folder.text(of: "child.pid").prefix { $0.isNumber })))
    try waitUntil("the program's own child is gone", within: .seconds(30)) { !Self.isAlive(child) }
  }

  @Test func `a program that is asked nicely may still say something, and is not awaited long`()
    throws
  {
    let process = try SupervisedProcess(
      ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"], within: .milliseconds(500))
    let outcome = try process.finish()
    #expect(outcome.isHung && outcome.exitCode == 7)
  }

  @Test func `a child that keeps the output open does not keep us`() throws {
    let process = try SupervisedProcess(
      ["sh", "-c", "sleep 600 & echo done"], within: .seconds(60))
    let outcome = try process.finish()
    #expect(outcome.output == Array("done\n".utf8) && !outcome.isHung)
  }

  @Test func `more output than allowed is an error and no full memory`() throws {
    let process = try SupervisedProcess(["cat", "/dev/zero"], within: .seconds(60))
    #expect {
      try process.finish(bytesMax: 999)
    } throws: {
      "\($0)" == "cannot read the output of cat: File too large; at most 999 bytes"
    }
  }

  @Test func `a program that ends takes all that it runs with it, and starts none any more`() async
  {
    await #expect(processExitsWith: .success) {
      let folder = TemporaryFolder()
      let script = Repository.path("Tests/Resources/probes/fakes/hangs.sh")
      try #require(run("/bin/cp", [script, folder.file("hangs")]) == 0)
      let process = try SupervisedProcess([folder.file("hangs")], within: .seconds(60))
      try waitUntil("it has started another") {
        try folder.contains("child.pid") && folder.text(of: "child.pid").hasSuffix("\n")
      }
      let child = try #require(
        pid_t(String(try folder.text(of: "child.pid").prefix { $0.isNumber })))
      SupervisedProcess.endAll()
      let outcome = try process.finish()
      #expect(outcome.exitCode == 137 && !outcome.isHung)
      try waitUntil("the program's own child is gone") { !Self.isAlive(child) }
      #expect {
        try SupervisedProcess(["true"], within: .seconds(60))
      } throws: {
        "\($0)" == "cannot run true: Operation canceled"
      }
    }
  }

  /// A process that has ended and that nobody has waited for yet is not alive.
  private static func isAlive(_ process: pid_t) -> Bool {
    guard let text = try? Files.text("/proc/\(process)/stat") else { return false }
    let state = text.split(separator: ")").last?.split(separator: " ").first
    return state != "Z" && state != "X"
  }
}
