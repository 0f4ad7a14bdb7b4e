import Agent
import Daemon
import Glibc
import TestSupport
import Testing

/// A damaged buffer on a disk that refuses something in the midst of its replacement.
@Suite struct ReplacementFaultTests {
  /// The new file was there and in use, without a stream that anything could be stored in.
  @Test func `marks that cannot be written once the new file is there end nothing for good`()
    throws
  {
    let rotten = try RottenHost(segments: 10)
    defer { rotten.end() }
    let (path, obstacle) = (rotten.path, "\(rotten.path).marks.\(getpid()).new")
    // From the moment on in which the new file is made: the replacement has been announced then.
    rotten.disk.watch { call, name in
      if case .open = call, name == "buffer.db", !Files.exists(path) { mkdir(obstacle, 0o700) }
      return nil
    }
    rotten.meetDamage()
    let isRefused = eventually(within: .seconds(60)) {
      _ = try? rotten.host.store(1, from: 1 << 40)
      _ = try? rotten.host.reader.streams()
      return Files.exists(obstacle)
    }
    #expect(isRefused)
    #expect(throws: BufferError.self) { try rotten.host.store(1, from: 1 << 40) }
    rotten.disk.mend()
    #expect(rmdir(obstacle) == 0)
    #expect(rotten.storeOne(), "nothing can be stored any more")
    try rotten.checkThatOnlyRotIsLost()
  }
}
