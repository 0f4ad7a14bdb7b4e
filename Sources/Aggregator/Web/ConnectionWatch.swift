import CMicrohttpd
import Daemon
import Glibc

/// When each connection has to have said or taken something, so that clients who open one and
/// dawdle cannot keep others out. libmicrohttpd's own timeout only ends those that say nothing.
///
/// Ends a connection by shutting its socket down; libmicrohttpd sees that and closes it. Owned by
/// the server's thread.
struct ConnectionWatch {
  private var entries: [Int32: Entry] = [:]
  private var sweptAt: Duration = .zero

  private struct Entry {
    var since: Duration
    var phase: Phase
  }

  private enum Phase {
    /// Connected, or answered and kept open: a head is to come.
    case waiting
    /// An answer is under way.
    case answering
    /// An event stream: as long as it likes.
    case streaming
  }

  /// For the whole head of a request, however slowly it trickles in.
  private static let headLimit: Duration = .seconds(10)
  /// For taking an answer: a megabyte over a very bad line.
  private static let answerLimit: Duration = .seconds(120)
  /// Connections that may wait for a head at once; beyond it the one that waits longest is cut.
  private static let waitingMax = 1_000

  mutating func opened(_ descriptor: Int32, now: Duration) {
    entries[descriptor] = Entry(since: now, phase: .waiting)
    let waiting = entries.filter { $0.value.phase == .waiting }
    guard waiting.count > ConnectionWatch.waitingMax,
      let oldest = waiting.min(by: { $0.value.since < $1.value.since })
    else { return }
    end(oldest.key)
  }

  mutating func closed(_ descriptor: Int32) { entries[descriptor] = nil }

  mutating func answering(_ descriptor: Int32, now: Duration) {
    entries[descriptor] = Entry(since: now, phase: .answering)
  }

  mutating func streaming(_ descriptor: Int32) { entries[descriptor]?.phase = .streaming }

  mutating func answered(_ descriptor: Int32, now: Duration) {
    guard entries[descriptor] != nil else { return }
    entries[descriptor] = Entry(since: now, phase: .waiting)
  }

  /// About once a second.
  mutating func sweep(now: Duration) {
    guard now - sweptAt >= .seconds(1) else { return }
    sweptAt = now
    for (descriptor, entry) in entries {
      switch entry.phase {
      case .waiting where now - entry.since > ConnectionWatch.headLimit: end(descriptor)
      case .answering where now - entry.since > ConnectionWatch.answerLimit: end(descriptor)
      case .waiting, .answering, .streaming: break
      }
    }
  }

  /// Not looked at again: `closed` follows.
  private mutating func end(_ descriptor: Int32) {
    shutdown(descriptor, Int32(SHUT_RDWR))
    entries[descriptor] = nil
  }
}
