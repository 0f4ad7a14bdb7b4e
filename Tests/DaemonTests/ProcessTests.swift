import Daemon
import Glibc
import Synchronization
import Testing

@Suite struct ProcessTests {
  @Test func `a wake-up ends a wait, once drained no longer`() throws {
    let wakeUp = try WakeUp()
    var poller = Poller()
    poller.add(wakeUp.fileDescriptor, .readable)
    #expect(try poller.wait(timeout: .zero) == 0)
    let thread = try Thread(name: "waker") {
      wakeUp.signal()
      wakeUp.signal()
    }
    #expect(try poller.wait(timeout: nil) == 1)
    thread.join()
    #expect(poller.ready(wakeUp.fileDescriptor) == .readable)
    wakeUp.drain()
    #expect(try poller.wait(timeout: .zero) == 0)
    poller.remove(wakeUp.fileDescriptor)
    #expect(poller.ready(wakeUp.fileDescriptor) == [])
  }

  @Test func `a thread runs its body under its name before join returns`() throws {
    let name = Mutex("")
    let thread = try Thread(name: "hatang-intake") {
      let comm = try? Files.text("/proc/thread-self/comm")
      name.withLock { $0 = comm ?? "" }
    }
    thread.join()
    thread.join()
    #expect(name.withLock { $0 } == "hatang-intake\n")
  }

  @Test func `signals arrive as values, and none is invented`() throws {
    let found = Mutex<[Signal]>([])
    // In a thread of its own: only there are the signals blocked and sent.
    let thread = try Thread(name: "signals") {
      guard let signals = try? SignalDescriptor() else { return }
      for number in [SIGHUP, SIGTERM] {
        pthread_kill(pthread_self(), number)
        if let signal = signals.next() { found.withLock { $0.append(signal) } }
      }
      if let surplus = signals.next() { found.withLock { $0.append(surplus) } }
    }
    thread.join()
    #expect(found.withLock { $0 } == [.hangUp, .terminate])
  }

  @Test func `monotonic time never goes back, and the wall clock is after this was written`() {
    let first = monotonicNow()
    #expect(monotonicNow() >= first)
    #expect(wallClockMs() > 1_700_000_000_000)
    #expect(Duration.milliseconds(1_500).milliseconds == 1_500)
    #expect(Duration.milliseconds(1_500).inSeconds == 1.5)
  }

  @Test func `the watchdog is fed only when every part has got on, and who has not is named`() {
    var watch = ProgressWatch([5, 5], now: .zero)
    func look(_ progress: [UInt64], _ seconds: Int) -> ProgressWatch.Verdict {
      watch.look(progress, now: .seconds(seconds), watchdog: .seconds(60))
    }
    #expect(look([6, 5], 1) == .waiting)
    #expect(look([9, 6], 2) == .advanced)
    #expect(look([99, 6], 32) == .waiting)
    #expect(look([199, 6], 33) == .stalled([1]))
    #expect(look([200, 7], 34) == .advanced)
    #expect(watch.look([200, 8], now: .seconds(999), watchdog: nil) == .waiting)
  }

  @Test(arguments: ["path", "abstract"])
  func `the service manager gets its words`(_ kind: String) throws {
    try withTemporaryDirectory { directory in
      let path = kind == "path" ? directory + "/notify" : "@hatang-test-\(getpid())"
      var name = Array(path.utf8)
      if kind == "abstract" { name[0] = 0 }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
      let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      defer { close(listener) }
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, socklen_t(2 + name.count))
        }
      }
      try #require(bound == 0)
      #expect(ServiceManager.send(Array("READY=1".utf8), to: path))
      var buffer = [UInt8](repeating: 0, count: 64)
      let count = recv(listener, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "READY=1")
    }
  }

  @Test func `a socket that nobody listens on is no error`() {
    #expect(!ServiceManager.send(Array("READY=1".utf8), to: "/nowhere/notify"))
    #expect(!ServiceManager.send(Array("READY=1".utf8), to: "relative"))
    #expect(
      !ServiceManager.send(Array("READY=1".utf8), to: "/" + String(repeating: "x", count: 200)))
  }
}
