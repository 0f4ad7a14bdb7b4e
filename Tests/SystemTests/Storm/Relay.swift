import Daemon
import Glibc
import TestSupport

/// The work of a `BadLine`, all on its thread.
final class Relay {
  private let listener: Listener
  private let wakeUp: WakeUp
  private var generator: SeededGenerator
  private var listening: Int32?
  private var pairs: [Pair] = []
  private var poller = Poller()
  /// Bytes that may still pass to the target; `nil`: any number.
  private var cutLeft: Int?

  /// One connection: ways[0] leads from the client to the target, ways[1] back.
  private final class Pair {
    var ends: [Int32]
    var ways = [Way(), Way()]
    var isFrozen = false
    var isOver = false
    /// One side has closed, and all it said has been passed on.
    var isOrderly = false
    init(_ client: Int32, _ target: Int32) { ends = [client, target] }
  }

  private struct Way {
    /// Oldest first, with when each may leave.
    var pieces: [(due: Duration, bytes: [UInt8])] = []
    var count = 0
    /// When the line is free again.
    var free: Duration = .zero
    var hasEnded = false
  }

  /// Under way in one direction at most.
  private static let room = 65_536
  private static let pieceMax = 1_400

  init(_ listener: Listener, _ generator: SeededGenerator, wakeUp: WakeUp) {
    self.listener = listener
    self.generator = generator
    self.wakeUp = wakeUp
    listening = listener.open()
  }

  /// Waits for something to do, and does it.
  func turn(_ orders: BadLine.Orders) {
    let quality = orders.quality
    if let bytes = orders.cutAfter { cutLeft = bytes }
    if orders.isForgetting { for pair in pairs { pair.isFrozen = true } }
    listen(quality)
    wait(quality)
    wakeUp.drain()
    if quality.isPartitioned { return }
    accept(orders)
    let now = monotonicNow()
    for pair in pairs where !pair.isFrozen {
      for way in 0...1 {
        read(pair, way, quality, now)
        write(pair, way, now)
      }
      if !pair.isOver, pair.ways.contains(where: { $0.hasEnded && $0.pieces.isEmpty }) {
        pair.isOver = true
        pair.isOrderly = true
      }
    }
    if let cutLeft, cutLeft <= 0 {
      self.cutLeft = nil
      for pair in pairs where !pair.isFrozen {
        pair.isOver = true
        pair.isOrderly = false
      }
    }
    for pair in pairs where pair.isOver { end(pair) }
    pairs.removeAll(where: \.isOver)
  }

  /// Ends everything, with RST.
  func reset() {
    for pair in pairs { end(pair) }
    if let listening { close(listening) }
  }

  private func listen(_ quality: BadLine.Quality) {
    if case .nobody = quality.answer {
      guard let open = listening else { return }
      close(open)
      listening = nil
      for pair in pairs { end(pair) }
      pairs.removeAll()
    } else if listening == nil {
      listening = listener.open()
    }
  }

  private func wait(_ quality: BadLine.Quality) {
    poller.removeAll()
    poller.add(wakeUp.fileDescriptor, .readable)
    var timeout: Duration = .seconds(1)
    if !quality.isPartitioned {
      if let listening { poller.add(listening, .readable) }
      let now = monotonicNow()
      for pair in pairs where !pair.isFrozen {
        for end in 0...1 {
          var events: Poller.Events = []
          let (out, back) = (pair.ways[end], pair.ways[1 - end])
          if !out.hasEnded, out.count < Self.room { events.insert(.readable) }
          if let first = back.pieces.first {
            if first.due <= now { events.insert(.writable) }
            timeout = min(timeout, max(.zero, first.due - now))
          }
          if !events.isEmpty, pair.ends[end] >= 0 { poller.add(pair.ends[end], events) }
        }
      }
    }
    if timeout == .zero { timeout = .milliseconds(100) }
    _ = try? poller.wait(timeout: timeout)
  }

  private func accept(_ orders: BadLine.Orders) {
    guard let listening else { return }
    while true {
      let client = Glibc.accept(listening, nil, nil)
      guard client >= 0 else { return }
      prepare(client)
      switch orders.quality.answer {
      case .relay:
        let target = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(orders.target)
        let code = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(target, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
          }
        }
        prepare(target)
        let pair = Pair(client, target)
        if code == 0 { pairs.append(pair) } else { end(pair) }
      case .nobody, .silence:
        let pair = Pair(client, -1)
        pair.isFrozen = true
        pairs.append(pair)
      case .words(let text):
        _ = send(client, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        shutdown(client, Int32(SHUT_WR))
        close(client)
      }
    }
  }

  private func prepare(_ descriptor: Int32) {
    var yes: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  private func read(_ pair: Pair, _ way: Int, _ quality: BadLine.Quality, _ now: Duration) {
    let descriptor = pair.ends[way]
    var buffer = [UInt8](repeating: 0, count: Self.pieceMax)
    while !pair.ways[way].hasEnded, pair.ways[way].count < Self.room {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count < 0, errno == EAGAIN { return }
      guard count > 0 else {
        pair.ways[way].hasEnded = true
        return
      }
      var due = max(now + quality.delay, pair.ways[way].free)
      if quality.lossPercent > 0 {
        // TCP sends again after 200 ms at the least, after twice that if that is lost as well.
        var pause: Duration = .milliseconds(200)
        while Int.random(in: 0..<100, using: &generator) < quality.lossPercent {
          due += pause
          pause *= 2
        }
      }
      pair.ways[way].free = due
      if quality.bytesPerSecond > 0 {
        pair.ways[way].free += .seconds(Double(count) / Double(quality.bytesPerSecond))
      }
      pair.ways[way].pieces.append((due: due, bytes: Array(buffer.prefix(count))))
      pair.ways[way].count += count
    }
  }

  private func write(_ pair: Pair, _ way: Int, _ now: Duration) {
    while let piece = pair.ways[way].pieces.first, piece.due <= now {
      var allowed = piece.bytes.count
      if way == 0, let cutLeft { allowed = min(allowed, cutLeft) }
      guard allowed > 0 else { return }
      let sent = send(pair.ends[1 - way], piece.bytes, allowed, Int32(MSG_NOSIGNAL))
      if sent < 0 {
        if errno != EAGAIN { pair.isOver = true }
        return
      }
      pair.ways[way].count -= sent
      if way == 0, let left = cutLeft { cutLeft = left - sent }
      if sent == piece.bytes.count {
        pair.ways[way].pieces.removeFirst()
      } else {
        pair.ways[way].pieces[0].bytes.removeFirst(sent)
      }
    }
  }

  /// With a RST where it broke: the other side must not think that this was said on purpose.
  private func end(_ pair: Pair) {
    for descriptor in pair.ends where descriptor >= 0 {
      if pair.isOrderly {
        close(descriptor)
        continue
      }
      var now = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
      close(descriptor)
    }
    pair.ends = [-1, -1]
  }
}
