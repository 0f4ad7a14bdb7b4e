import Daemon
import Glibc
import Synchronization
import TestSupport

/// A line between a program and a broker that can be made bad while it is in use: a TCP relay on a
/// port of its own, on a thread of its own until the test lets go of it.
final class BadLine: Sendable {
  let port: Int
  private let desk: Desk

  /// What the line is like. The default is a good one.
  struct Quality: Sendable {
    /// From coming in to going out, each way.
    var delay: Duration = .zero
    /// Each way; 0: no bound.
    var bytesPerSecond = 0
    /// So many of 100 pieces come late by what TCP takes to notice a loss, and all behind them.
    var lossPercent = 0
    /// Nothing passes, nothing is closed, nothing is refused.
    var isPartitioned = false
    var answer = Answer.relay
  }

  /// Who answers a new connection.
  enum Answer: Sendable {
    case relay
    /// Nobody listens.
    case nobody
    /// Somebody who takes the connection, and never says a word.
    case silence
    /// Somebody who says this to everybody, and closes.
    case words(String)
  }

  /// What the relay is to do.
  struct Orders: Sendable {
    var quality = Quality()
    /// Port of the broker.
    var target: Int
    /// Bytes towards the target after which all connections are reset; `nil`: nothing new.
    var cutAfter: Int?
    /// Connections that were made before are dead from here on, and nobody tells.
    var isForgetting = false
    var isEnding = false
  }

  /// Shared with the relay's thread.
  private final class Desk: Sendable {
    let orders: Mutex<Orders>
    let wakeUp: WakeUp

    init(_ orders: Orders) throws {
      self.orders = Mutex(orders)
      wakeUp = try WakeUp()
    }

    /// The orders as they are; what is to be done once is taken away.
    func take() -> Orders {
      orders.withLock {
        let taken = $0
        $0.cutAfter = nil
        $0.isForgetting = false
        return taken
      }
    }
  }

  /// - Parameters:
  ///   - target: port of the broker.
  ///   - seed: of the losses.
  init(to target: Int, seed: UInt64 = 1) throws {
    let desk = try Desk(Orders(target: target))
    let listener = try Listener()
    self.desk = desk
    port = listener.port
    _ = try Thread(name: "bad line") {
      let relay = Relay(listener, SeededGenerator(seed: seed), wakeUp: desk.wakeUp)
      while true {
        let orders = desk.take()
        guard !orders.isEnding else { break }
        relay.turn(orders)
      }
      relay.reset()
    }
  }

  deinit { change { $0.isEnding = true } }

  var quality: Quality {
    get { desk.orders.withLock { $0.quality } }
    set { change { $0.quality = newValue } }
  }

  /// Where new connections go.
  func lead(to target: Int) { change { $0.target = target } }

  /// After so many more bytes towards the broker every connection is reset: in the middle of a
  /// packet, as likely as not.
  func cut(after bytes: Int) { change { $0.cutAfter = bytes } }

  /// As a NAT that has lost its table: what there is, is dead without a word; new ones work.
  func forgetConnections() { change { $0.isForgetting = true } }

  private func change(_ body: (inout Orders) -> Void) {
    desk.orders.withLock { body(&$0) }
    desk.wakeUp.signal()
  }
}

/// A port of 127.0.0.1 that is kept also while nobody listens on it.
final class Listener: Sendable {
  let port: Int

  init() throws { port = Broker.freePort() }

  /// A listening socket that does not block, or an error.
  func open() -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
    // Small, so that a slow line is felt by its sender.
    var room: Int32 = 8_192
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, 4)
    var address = loopback(port)
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard code == 0, listen(descriptor, 64) == 0 else {
      close(descriptor)
      return nil
    }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }
}

func loopback(_ port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return address
}
