import Agent
import Daemon
import Glibc
import Protocol
import TestSupport
import Testing

/// Writes segments of 100 samples for bench/bench.py, which weighs them.
@Suite(.enabled(if: Bench.isOn)) struct WireBench {
  @Test func `coverage samples of the simulated fleet`() throws {
    try Bench.write(BenchFleet.coverage(), to: "simulated-fleet.bin")
  }

  /// HATANG_LOGS names a folder with logs of G-NetTrack Pro; the real ones are not ours to ship.
  @Test(.enabled(if: getenv("HATANG_LOGS") != nil)) func `coverage samples of real logs`() throws {
    let folder = String(cString: try #require(getenv("HATANG_LOGS")))
    let names = TemporaryFolder()
    waitForEnd(of: start("/bin/ls", [folder], output: names.file("names")))
    var options = GNetTrackLog.Options()
    options.isActive = true
    options.plmn = "45204"
    var parser = PayloadParser(payloadBytesMax: 16_777_216)
    var samples: [Measurement] = []
    for name in try names.text(of: "names").split(separator: "\n") where name.contains(".csv") {
      let file = try LogFile("\(folder)/\(name)", options: options)
      let log = try GNetTrackLog(
        header: String(try #require(file.lines.first)), file: file.path, options: options)
      for line in file.lines.dropFirst() {
        guard case .measurement(let json, _) = log.row(String(line)) else { continue }
        samples +=
          parser.parse(
            topic: Topic.measurement(.coverage, source: "log"), payload: Array(json.utf8),
            arrivalMs: BenchFleet.nowMs
          ).measurements
      }
    }
    try Bench.write(samples, to: "real-logs.bin")
  }
}
