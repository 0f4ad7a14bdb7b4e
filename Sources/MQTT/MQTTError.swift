import CMosquitto
import Glibc

/// What could not be done with a broker.
public struct MQTTError: Error, Equatable, Sendable, CustomStringConvertible {
  /// `configure`, `connect`, `read`, `write`, `keep alive`, `subscribe`, `publish`.
  public let operation: String
  /// `host:port`.
  public let subject: String
  /// libmosquitto's code (`mosq_err_t`), or from 128 an MQTT 5 reason code.
  public let code: Int32
  public let message: String
  /// What to do; `nil` where only the message helps.
  public let hint: String?
  /// Whether the same may succeed later without a change of the configuration.
  public let isRetryable: Bool

  init(
    _ operation: String, _ subject: String, code: Int32, message: String, hint: String? = nil,
    isRetryable: Bool
  ) {
    self.operation = operation
    self.subject = subject
    self.code = code
    self.message = message
    self.hint = hint
    self.isRetryable = isRetryable
  }

  public var description: String {
    let text = "\(operation) \(subject): \(message)"
    return hint.map { "\(text); \($0)" } ?? text
  }
}

extension MQTTError {
  /// A return code of libmosquitto; `errno` and libmosquitto's log lines say more.
  ///
  /// - Parameter details: what OpenSSL said meanwhile.
  static func library(
    _ operation: String, _ subject: String, _ code: mosq_err_t, errno: Int32, details: [String]
  ) -> MQTTError {
    let number = code.rawValue
    func error(_ message: String, _ hint: String?, isRetryable: Bool = true) -> MQTTError {
      MQTTError(
        operation, subject, code: number, message: message, hint: hint, isRetryable: isRetryable)
    }
    switch code {
    case MOSQ_ERR_ERRNO, MOSQ_ERR_CONN_LOST:
      guard errno != 0, code == MOSQ_ERR_ERRNO else {
        return error("the broker closed the connection", nil)
      }
      return error(
        unsafe String(cString: strerror(errno)),
        errno == ECONNREFUSED ? "see that the broker runs and that host and port are right" : nil)
    case MOSQ_ERR_EAI:
      return error(
        "name not found (\(unsafe String(cString: gai_strerror(errno))))",
        "check the host's name and this machine's name server")
    case MOSQ_ERR_TLS:
      return .tls(operation, subject, details: details)
    case MOSQ_ERR_KEEPALIVE: return error("the broker no longer answers", nil)
    case MOSQ_ERR_OVERSIZE_PACKET:
      return error(
        "a message is larger than the broker takes", "raise max_packet_size at the broker",
        isRetryable: false)
    case MOSQ_ERR_INVAL, MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_NOT_SUPPORTED:
      return error(unsafe String(cString: mosquitto_strerror(number)), nil, isRetryable: false)
    default: return error(unsafe String(cString: mosquitto_strerror(number)), nil)
    }
  }

  /// A TLS failure; the certificate's fault is only in OpenSSL's words. It may be gone when a
  /// certificate has been replaced or a clock set, so it is worth trying again.
  static func tls(_ operation: String, _ subject: String, details: [String]) -> MQTTError {
    let words = details.joined(separator: "; ")
    var hint = "check ca_file, cert_file and key_file"
    if words.contains("certificate verify failed") {
      hint = "check that ca_file signed the broker's certificate, its host name, and the clock"
    } else if words.contains("wrong version number") {
      hint = "the port does not speak TLS: check the port"
    } else if words.contains("alert") {
      hint = "the broker refused our certificate: check cert_file and key_file"
    }
    return MQTTError(
      operation, subject, code: MOSQ_ERR_TLS.rawValue,
      message: words.isEmpty ? "TLS failed" : "TLS failed: \(words)", hint: hint,
      isRetryable: true)
  }

  /// The broker refused by a CONNACK, SUBACK, PUBACK or DISCONNECT with an MQTT 5 reason code.
  static func refusal(_ operation: String, _ subject: String, reason: Int32) -> MQTTError {
    let hint: String? =
      switch reason {
      case 0x84: "the broker does not speak this version of MQTT"
      case 0x85: "choose another client id"
      case 0x86: "check username and password"
      case 0x87:
        "check username, password or certificate, and the broker's access list"
      case 0x8e: "another program uses the same client id: end it, or choose another name"
      case 0x95, 0x96, 0x97: "check the broker's limits"
      default: nil
      }
    // Reasons that stand until somebody changes a configuration.
    let isFinal = [0x84, 0x85, 0x86, 0x87, 0x8a, 0x8c, 0x8f, 0x90].contains(reason)
    return MQTTError(
      operation, subject, code: reason,
      message: "refused: \(unsafe String(cString: mosquitto_reason_string(reason)))", hint: hint,
      isRetryable: !isFinal)
  }

  /// MQTT 3.1.1 CONNACK codes as the reason codes of MQTT 5.
  static func reason(ofConnack code: Int32) -> Int32 {
    switch code {
    case 1: 0x84
    case 2: 0x85
    case 3: 0x88
    case 4: 0x86
    case 5: 0x87
    default: code
    }
  }
}
