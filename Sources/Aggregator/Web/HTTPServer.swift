import CMicrohttpd
import Glibc

/// libmicrohttpd, driven by its owner's thread: `turn` waits for sockets and answers what is due.
/// Handler and server belong to that thread; libmicrohttpd has none of its own here.
@safe
final class HTTPServer {
  /// Owned; stopped in `deinit`. Never `nil` after `init`.
  private let daemon: OpaquePointer
  /// Outlives `daemon`, whose callback gets it unretained.
  private let context: Context

  private final class Context {
    let handle: (HTTPRequest) -> HTTPResponse

    init(_ handle: @escaping (HTTPRequest) -> HTTPResponse) { self.handle = handle }
  }

  private static let connectionsMax: UInt32 = 256
  /// A client that says nothing for so long is cut off, s.
  private static let idleSeconds: UInt32 = 30

  /// Takes the socket over. `nil` where libmicrohttpd cannot start: out of memory or descriptors.
  init?(_ socket: ListenSocket, handle: @escaping (HTTPRequest) -> HTTPResponse) {
    let context = Context(handle)
    let options: [any CVarArg] = [
      Int32(bitPattern: MHD_OPTION.LISTEN_SOCKET.rawValue), socket.descriptor,
      Int32(bitPattern: MHD_OPTION.CONNECTION_LIMIT.rawValue), HTTPServer.connectionsMax,
      Int32(bitPattern: MHD_OPTION.CONNECTION_TIMEOUT.rawValue), HTTPServer.idleSeconds,
      Int32(bitPattern: MHD_OPTION.END.rawValue),
    ]
    let started = unsafe withVaList(options) { list in
      unsafe MHD_start_daemon_va(
        MHD_USE_EPOLL.rawValue, 0, nil, nil, HTTPServer.answer,
        Unmanaged.passUnretained(context).toOpaque(), list)
    }
    guard let started = unsafe started else {
      close(socket.descriptor)
      return nil
    }
    unsafe daemon = started
    self.context = context
  }

  deinit { unsafe MHD_stop_daemon(daemon) }

  /// Waits at most so long, and answers what has come.
  func turn(waitMs: Int32) {
    _ = unsafe MHD_run_wait(daemon, waitMs)
  }

  /// libmicrohttpd calls this for each request first with its head, then for each part of its body,
  /// and last with nothing: "queue a response … when upload_data_size is zero". A method other than
  /// GET and HEAD is answered at its head; its body is never read.
  private static let answer: MHD_AccessHandlerCallback = {
    context, connection, url, method, _, _, bodyBytes, state in
    guard let context = unsafe context, let connection = unsafe connection,
      let url = unsafe url, let method = unsafe method, let state = unsafe state
    else { return .NO }
    let server = unsafe Unmanaged<Context>.fromOpaque(context).takeUnretainedValue()
    let word = unsafe String(cString: method)
    guard word == "GET" || word == "HEAD" else {
      return unsafe send(notAllowed(word), on: connection)
    }
    if unsafe state.pointee == nil {
      // Any pointer but null: the head of this request has been seen.
      unsafe state.pointee = UnsafeMutableRawPointer(connection)
      return .YES
    }
    if let bodyBytes = unsafe bodyBytes, unsafe bodyBytes.pointee != 0 {
      // A GET may carry a body; nobody wants it.
      unsafe bodyBytes.pointee = 0
      return .YES
    }
    let request = unsafe HTTPRequest(path: String(cString: url), query: query(of: connection))
    return unsafe send(server.handle(request), on: connection)
  }

  private static func query(of connection: OpaquePointer) -> [HTTPRequest.QueryItem] {
    var items: [HTTPRequest.QueryItem] = []
    _ = unsafe withUnsafeMutablePointer(to: &items) { items in
      unsafe MHD_get_connection_values(
        connection, .GET_ARGUMENT_KIND,
        { context, _, name, value in
          guard let context = unsafe context, let name = unsafe name else { return .NO }
          let items = unsafe context.assumingMemoryBound(to: [HTTPRequest.QueryItem].self)
          let text = unsafe value.map { unsafe String(cString: $0) } ?? ""
          unsafe items.pointee.append(.init(String(cString: name), text))
          return .YES
        }, items)
    }
    return items
  }

  private static func notAllowed(_ method: String) -> HTTPResponse {
    let known = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]
    let shown = known.contains(method) ? method : "another method"
    return WebError(
      status: 405, error: "method_not_allowed",
      message: "\(shown) is not served; only GET and HEAD exist, nothing can be changed here"
    ).response
  }

  private static func send(
    _ response: HTTPResponse, on connection: OpaquePointer
  ) -> MHD_Result {
    let made = unsafe response.body.withUnsafeBytes { bytes in
      // libmicrohttpd copies the bytes; a null pointer is legal only with none.
      unsafe MHD_create_response_from_buffer(
        bytes.count, UnsafeMutableRawPointer(mutating: bytes.baseAddress), .RESPMEM_MUST_COPY)
    }
    guard let made = unsafe made else { return .NO }
    defer { unsafe MHD_destroy_response(made) }
    unsafe MHD_add_response_header(made, "Content-Type", response.contentType)
    for (name, value) in HTTPResponse.headers {
      unsafe MHD_add_response_header(made, name, value)
    }
    if response.status == 405 { unsafe MHD_add_response_header(made, "Allow", "GET, HEAD") }
    return unsafe MHD_queue_response(connection, UInt32(response.status), made)
  }
}
