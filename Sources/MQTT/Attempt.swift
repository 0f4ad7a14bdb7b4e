import CMosquitto
import Daemon
import Glibc
import Synchronization

/// libmosquitto's handle and the inbox that its callbacks fill. Destroyed when the connection and
/// an `Attempt` under way have both let go of it.
@safe
// @unchecked: one thread uses it at a time. It is the attempt's from its start until its outcome is
// there, which the connection waits for before it touches the handle, and else its owner's.
final class Handle: @unchecked Sendable {
  let pointer: OpaquePointer
  let inbox: Inbox

  init(_ pointer: OpaquePointer, _ inbox: Inbox) {
    unsafe self.pointer = pointer
    self.inbox = inbox
  }

  deinit {
    unsafe mosquitto_log_callback_set(pointer, nil)
    // Calls no callback, so the inbox may go with us.
    unsafe mosquitto_destroy(pointer)
  }
}

/// The beginning of a connection to a name, on a thread of its own: libmosquitto asks the name
/// server on the way and waits for it, which takes a minute and more where none answers. Nobody
/// can interrupt that; who has waited long enough lets go of it, and the thread ends by itself.
final class Attempt: Sendable {
  /// Readable when there is an outcome.
  var fileDescriptor: Int32 { wakeUp.fileDescriptor }
  /// The address families to be tried, the present one first; `nil`: the name server has not
  /// answered yet.
  var outcome: Result<[AddressFamily], MQTTError>? { result.withLock { $0 } }

  private let result: Mutex<Result<[AddressFamily], MQTTError>?> = Mutex(nil)
  private let wakeUp: WakeUp
  private static let stackBytes = 256 << 10

  init(
    _ handle: Handle, _ options: ConnectionOptions, _ families: [AddressFamily]?
  ) throws(MQTTError) {
    do throws(FileError) {
      wakeUp = try WakeUp()
      _ = try Thread(name: "name lookup", stackBytes: Attempt.stackBytes) { [self] in
        let made: Result<[AddressFamily], MQTTError>
        do throws(MQTTError) {
          made = .success(try Attempt.begin(handle, options, families))
        } catch { made = .failure(error) }
        result.withLock { $0 = made }
        wakeUp.signal()
      }
    } catch {
      throw MQTTError(
        "connect", Connection.subject(options), code: MOSQ_ERR_NOMEM.rawValue,
        message: "\(error)", isRetryable: true)
    }
  }

  /// Begins to connect, over the first of the families. Waits for the name server, if the host is
  /// no address.
  ///
  /// - Parameter families: `nil`: all that the name has.
  static func begin(
    _ handle: Handle, _ options: ConnectionOptions, _ families: [AddressFamily]?
  ) throws(MQTTError) -> [AddressFamily] {
    let subject = Connection.subject(options)
    let found: [AddressFamily]
    if let families {
      found = families
    } else {
      found = try AddressFamily.families(of: options.host, subject: subject)
    }
    if let family = found.first {
      unsafe mosquitto_string_option(handle.pointer, MOSQ_OPT_BIND_ADDRESS, family.anyAddress)
    }
    let code = unsafe mosquitto_connect_bind_async(
      handle.pointer, options.host, Int32(options.port), Int32(options.keepAliveSeconds), nil)
    let reason = errno
    guard code == successCode else {
      throw .library(
        "connect", subject, mosq_err_t(rawValue: code), errno: reason,
        details: handle.inbox.details)
    }
    return found
  }
}
