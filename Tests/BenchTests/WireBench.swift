import Daemon
import Protocol
import TestSupport
import Testing

/// Writes segments of 100 samples for bench/bench.py, which weighs them, alone and with zlib.
@Suite(.enabled(if: Bench.isOn)) struct WireBench {
  @Test func `coverage samples of the simulated fleet`() throws {
    try Bench.write(BenchFleet.coverage(), to: "simulated-fleet.bin")
  }
}
