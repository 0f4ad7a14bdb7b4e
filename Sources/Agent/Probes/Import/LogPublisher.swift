import Daemon
import Glibc
import MQTT
import Protocol

/// Publishes rows of a log, or of a probe's runs, to the local broker as any device would, in
/// numbered arrays, and waits until each is acknowledged.
///
/// A row's number is its place in the log, so an import that is broken off or run again is not
/// counted twice: the agent keeps, per log, which numbers it has. Where rows are left out, a new
/// array begins, so that numbers and rows stay in step.
final class LogPublisher {
  private let connection: Connection
  private var poller = Poller()
  /// Rows of each array that waits for its PUBACK.
  private var pending: [Int32: Int] = [:]
  /// Rows that the broker has acknowledged.
  private(set) var acknowledged = 0

  static let rowsPerMessage = 100
  /// Arrays that wait for a PUBACK at once.
  private static let pendingMax = 20
  /// How long the broker may be silent.
  private static let patience: Duration = .seconds(30)

  /// - Parameter role: names the client, such as `import`.
  init(_ broker: BrokerSettings, role: String) throws {
    connection = try Connection(broker.options(clientID: "hatang-\(role)-\(getpid())"))
    try connection.connect()
    try wait("connect") { $0.isConnected }
  }

  /// - Parameter progress: called with the rows acknowledged so far, of all logs.
  func publish(
    _ batches: [LogBatch], id: String, topic: String, progress: (Int) -> Void
  ) throws {
    for batch in batches {
      try wait("publish", progress: progress) { _ in self.pending.count < LogPublisher.pendingMax }
      let packet = try connection.publish(
        Publication(topic: topic, payload: batch.payload(id: id)))
      pending[packet] = batch.rows.count
    }
    try wait("publish", progress: progress) { _ in self.pending.isEmpty }
    guard connection.unclaimedCount == 0 else {
      throw ImportError.noSubscriber(connection.options.host, connection.options.port)
    }
  }

  func close() { connection.disconnect() }

  /// Turns the connection's wheel until something is so.
  private func wait(
    _ operation: String, progress: (Int) -> Void = { _ in },
    until isDone: (Connection) -> Bool
  ) throws {
    var lastSign = monotonicNow()
    while true {
      if try takeEvents() {
        lastSign = monotonicNow()
        progress(acknowledged)
      }
      if isDone(connection) { return }
      guard monotonicNow() - lastSign < LogPublisher.patience else {
        throw ImportError.silent(connection.options.host, connection.options.port)
      }
      poller.removeAll()
      if let descriptor = connection.fileDescriptor {
        let isWriting = connection.wantsWrite
        poller.add(descriptor, isWriting ? [.readable, .writable] : .readable)
      }
      try poller.wait(timeout: .seconds(1))
      try connection.read(messagesMax: 16)
      try connection.write()
      try connection.maintain()
    }
  }

  /// - Returns: whether anything happened.
  private func takeEvents() throws -> Bool {
    let events = connection.takeEvents()
    for event in events {
      switch event {
      case .connected, .subscribed: break
      case .published(let packet): acknowledged += pending.removeValue(forKey: packet) ?? 0
      case .refused(let error): throw error
      case .disconnected(let error):
        throw ImportError.broken(connection.options.host, connection.options.port, error)
      }
    }
    return !events.isEmpty
  }
}

/// Rows that follow one another in a log.
package struct LogBatch: Equatable {
  /// Number of the first.
  package let first: Int
  package var rows: [String]

  package init(first: Int, rows: [String]) {
    self.first = first
    self.rows = rows
  }

  package func payload(id: String) -> [UInt8] {
    var text = "{\"numbered\":\"\(id)\",\"first\":\(first),\"measurements\":["
    text += rows.joined(separator: ",")
    return Array((text + "]}").utf8)
  }

  /// Reads every row of a log; the first after the header has number 0.
  package static func batches(
    _ lines: some Collection<Substring>, _ log: GNetTrackLog, into summary: inout ImportSummary
  ) -> [LogBatch] {
    var batches: [LogBatch] = []
    var isOpen = false
    for (number, line) in lines.enumerated() {
      summary.rows += 1
      switch log.row(String(line)) {
      case .leftOut(let reason):
        summary.leftOut[reason, default: 0] += 1
        isOpen = false
      case .measurement(let row, let notes):
        for note in notes { summary.notes[note, default: 0] += 1 }
        if isOpen, batches[batches.count - 1].rows.count < LogPublisher.rowsPerMessage {
          batches[batches.count - 1].rows.append(row)
        } else {
          batches.append(LogBatch(first: number, rows: [row]))
          isOpen = true
        }
      }
    }
    return batches
  }
}

/// Why an import stopped. It may simply be run again.
enum ImportError: Error, CustomStringConvertible {
  case broken(String, Int, MQTTError?)
  case silent(String, Int)
  case noSubscriber(String, Int)

  var description: String {
    let again = "run the same command again: what has arrived is not counted twice"
    switch self {
    case .broken(let host, let port, let error):
      let cause = error.map { "\($0)" } ?? "\(host):\(port) closed the connection"
      return "\(cause); then \(again)"
    case .silent(let host, let port):
      return "publish \(host):\(port): the broker has not answered for 30 s; see that it works, "
        + "then \(again)"
    case .noSubscriber(let host, let port):
      return "publish \(host):\(port): the broker has nobody to give the rows to; start "
        + "hatang-agent run once, then \(again)"
    }
  }
}
