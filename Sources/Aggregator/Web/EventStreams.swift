import CMicrohttpd
import Daemon
import Glibc

/// Server-sent events to whoever listens on `/events`. A stream that has nothing to say is
/// suspended and costs no turn of the loop. Events are shared, not copied for each. Owned by the
/// server's thread.
final class EventStreams {
  /// By identity; libmicrohttpd holds each retained until its connection is done.
  private var streams: [ObjectIdentifier: Stream] = [:]
  private var saidAt: Duration = .zero
  private var isEnding = false

  /// With libmicrohttpd's memory of 16 kB each this stays far below 50 MB.
  static let streamsMax = 1_000
  /// So that proxies keep a quiet line open, and that a client who is gone is noticed.
  private static let heartbeat: Duration = .seconds(15)
  /// Events that a slow client may be behind; then its stream ends, and it connects anew.
  private static let pendingMax = 64

  @safe
  private final class Stream {
    let owner: EventStreams
    let connection: OpaquePointer
    /// Events to be sent; of the first `offset` bytes are gone.
    var pending: [[UInt8]]
    var offset = 0
    var isSuspended = false
    var isEnding = false

    init(_ owner: EventStreams, _ connection: OpaquePointer, _ pending: [[UInt8]]) {
      self.owner = owner
      unsafe self.connection = connection
      self.pending = pending
    }

    func wake() {
      guard isSuspended else { return }
      isSuspended = false
      unsafe MHD_resume_connection(connection)
    }
  }

  var count: Int { streams.count }

  /// - Parameter first: what a listener is told at once.
  func open(_ connection: OpaquePointer, first: [[UInt8]]) -> MHD_Result? {
    guard streams.count < EventStreams.streamsMax else { return nil }
    let stream = unsafe Stream(self, connection, [Array("retry: 2000\n\n".utf8)] + first)
    // Retained for libmicrohttpd, released by its free callback.
    let context = unsafe Unmanaged.passRetained(stream)
    let made = unsafe MHD_create_response_from_callback(
      UInt64.max, EventStreams.blockBytes, EventStreams.read, context.toOpaque(),
      EventStreams.free)
    guard let made = unsafe made else {
      unsafe context.release()
      return nil
    }
    defer { unsafe MHD_destroy_response(made) }
    streams[ObjectIdentifier(stream)] = stream
    unsafe MHD_add_response_header(made, "Content-Type", "text/event-stream; charset=utf-8")
    for header in HTTPResponse.headers() {
      unsafe MHD_add_response_header(made, header.name, header.value)
    }
    // nginx would else wait for a buffer to fill.
    unsafe MHD_add_response_header(made, "X-Accel-Buffering", "no")
    return unsafe MHD_queue_response(connection, 200, made)
  }

  func send(_ event: [UInt8], now: Duration) {
    saidAt = now
    for stream in streams.values {
      if stream.pending.count >= EventStreams.pendingMax {
        stream.isEnding = true
      } else {
        stream.pending.append(event)
      }
      stream.wake()
    }
  }

  func turn(now: Duration) {
    guard !streams.isEmpty, now - saidAt >= EventStreams.heartbeat else { return }
    send(Array(": \n\n".utf8), now: now)
  }

  /// "All suspended connections must be resumed before the daemon is stopped"
  /// (MHD_suspend_connection).
  func endAll() {
    isEnding = true
    for stream in streams.values {
      stream.isEnding = true
      stream.wake()
    }
  }

  private static let blockBytes = 4_096

  /// Gives what is pending, as much as there is room; with nothing pending the connection sleeps.
  private static let read: MHD_ContentReaderCallback = { context, _, buffer, room in
    guard let context = unsafe context, let buffer = unsafe buffer else { return -1 }
    let stream = unsafe Unmanaged<Stream>.fromOpaque(context).takeUnretainedValue()
    // MHD_CONTENT_READER_END_OF_STREAM
    if stream.isEnding { return -1 }
    guard let event = stream.pending.first else {
      stream.isSuspended = true
      unsafe MHD_suspend_connection(stream.connection)
      return 0
    }
    let count = min(room, event.count - stream.offset)
    let room = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: count)
    unsafe room.copyBytes(from: event[stream.offset..<stream.offset + count])
    stream.offset += count
    if stream.offset == event.count {
      stream.pending.removeFirst()
      stream.offset = 0
    }
    return count
  }

  private static let free: MHD_ContentReaderFreeCallback = { context in
    guard let context = unsafe context else { return }
    let stream = unsafe Unmanaged<Stream>.fromOpaque(context).takeRetainedValue()
    stream.owner.streams[ObjectIdentifier(stream)] = nil
  }
}
