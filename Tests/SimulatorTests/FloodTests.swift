import TestSupport
import Testing

/// The program itself against a real broker.
@Suite struct FloodTests {
  @Test func `every sample of a load is accounted for by its PUBACK`() throws {
    let folder = TemporaryFolder()
    let broker = try Broker(in: folder, shipped: "local")
    let run = try output(
      of: Repository.program("hatang-simulator"),
      ["--broker", "127.0.0.1:\(broker.port)", "--flood", "3000", "--source", "load-1"],
      in: folder)
    #expect(run.exitCode == 0)
    #expect(run.text.hasPrefix(#"{"source":"load-1","first_time_ms":1"#))
    #expect(run.text.contains(#""published":3000,"acknowledged":3000,"refused":0,"#))
    #expect(run.text.hasSuffix(#""unacknowledged":[]}"# + "\n"))
  }

  @Test func `where no broker listens the load ends as unreachable`() throws {
    let folder = TemporaryFolder()
    let run = try output(
      of: Repository.program("hatang-simulator"),
      [
        "--broker", "127.0.0.1:\(Broker.freePort())", "--flood", "1", "--duration", "1",
      ], in: folder)
    #expect(run.exitCode == 69)
    #expect(run.text.contains("see that the broker runs and that host and port are right"))
  }

  @Test func `a fleet without its population table says which file it cannot open`() throws {
    let folder = TemporaryFolder()
    let run = try output(
      of: Repository.program("hatang-simulator"), ["--population", "none.csv"], in: folder)
    #expect(run.exitCode == 1)
    #expect(
      run.text == "hatang-simulator: cannot open none.csv: No such file or directory\n")
  }
}
