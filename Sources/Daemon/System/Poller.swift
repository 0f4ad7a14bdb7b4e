import Glibc

/// Waits for descriptors (poll(2)). Used by one thread.
public struct Poller {
  private var entries: [pollfd] = []

  public struct Events: OptionSet, Sendable {
    public let rawValue: Int16
    public init(rawValue: Int16) { self.rawValue = rawValue }

    public static let readable = Events(rawValue: Int16(POLLIN))
    public static let writable = Events(rawValue: Int16(POLLOUT))
    /// Only ever reported: the other side is gone, or the descriptor is bad.
    public static let failed = Events(rawValue: Int16(POLLERR | POLLHUP | POLLNVAL))
  }

  public init() {}

  /// Watches a descriptor, or changes what it is watched for.
  public mutating func add(_ descriptor: Int32, _ events: Events) {
    if let index = entries.firstIndex(where: { $0.fd == descriptor }) {
      entries[index].events = events.rawValue
    } else {
      entries.append(pollfd(fd: descriptor, events: events.rawValue, revents: 0))
    }
  }

  /// Watches a descriptor that is not watched yet: without `add`'s search, for thousands of them.
  public mutating func append(_ descriptor: Int32, _ events: Events) {
    entries.append(pollfd(fd: descriptor, events: events.rawValue, revents: 0))
  }

  public mutating func remove(_ descriptor: Int32) { entries.removeAll { $0.fd == descriptor } }

  public mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Waits until a descriptor is ready or the time is over; a signal ends the wait early.
  /// - Parameter timeout: rounded up to whole ms, so that no caller spins; `nil`: for ever.
  /// - Returns: how many descriptors are ready.
  @discardableResult
  public mutating func wait(timeout: Duration?) throws(FileError) -> Int {
    var milliseconds: Int32 = -1
    if let timeout {
      let (seconds, attoseconds) = timeout.components
      let whole = seconds.multipliedReportingOverflow(by: 1_000)
      let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
      milliseconds = whole.overflow ? .max : Int32(clamping: max(0, whole.partialValue + part))
    }
    let count = unsafe poll(&entries, nfds_t(entries.count), milliseconds)
    if count >= 0 { return Int(count) }
    for index in entries.indices { entries[index].revents = 0 }
    guard errno == EINTR else { throw FileError("poll", "descriptors", code: errno) }
    return 0
  }

  /// What the last `wait` found; empty for a descriptor that is not watched.
  public func ready(_ descriptor: Int32) -> Events {
    guard let entry = entries.first(where: { $0.fd == descriptor }) else { return [] }
    return Events(rawValue: entry.revents)
  }
}
