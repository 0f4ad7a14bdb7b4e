import CMosquitto
import Glibc

/// Hands `ConnectionOptions` to a new handle.
enum Setup {
  static func apply(_ options: ConnectionOptions, to handle: OpaquePointer) throws(MQTTError) {
    let subject = Connection.subject(options)
    try checkRanges(options, subject)
    let version = options.protocolVersion == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
    unsafe mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, version)
    unsafe mosquitto_int_option(
      handle, MOSQ_OPT_RECEIVE_MAXIMUM, Int32(options.receiveMaximum))
    unsafe mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, Int32(options.inflightMaximum))
    unsafe mosquitto_threaded_set(handle, true)
    if let username = options.username {
      let code = unsafe mosquitto_username_pw_set(handle, username, options.password)
      try check(code, "username or password is no UTF-8", subject)
    }
    if let will = options.will {
      let code = unsafe will.payload.withUnsafeBytes { payload in
        unsafe mosquitto_will_set(
          handle, will.topic, Int32(payload.count), payload.baseAddress, 1, will.isRetained)
      }
      try check(code, "will topic \"\(will.topic)\" is illegal", subject)
    }
    if let tls = options.tls { try unsafe apply(tls, to: handle, subject) }
    if options.protocolVersion == .v5 { try unsafe setProperties(options, handle, subject) }
  }

  private static func checkRanges(
    _ options: ConnectionOptions, _ subject: String
  ) throws(MQTTError) {
    let keepAlive = options.keepAliveSeconds == 0 ? 5 : options.keepAliveSeconds
    let values = [
      ("port", options.port, 1), ("keepAliveSeconds", keepAlive, 5),
      ("receiveMaximum", options.receiveMaximum, 1),
      ("inflightMaximum", options.inflightMaximum, 1),
    ]
    for (name, value, low) in values where !(low...65_535).contains(value) {
      throw illegal("\(name) is \(value), allowed \(low)…65535", subject)
    }
  }

  private static func apply(
    _ tls: TLSOptions, to handle: OpaquePointer, _ subject: String
  ) throws(MQTTError) {
    let files = [
      ("ca_file", tls.caFile), ("cert_file", tls.certificateFile), ("key_file", tls.keyFile),
    ]
    for (name, path) in files {
      guard let path, unsafe access(path, R_OK) != 0 else { continue }
      let reason = unsafe String(cString: strerror(errno))
      throw illegal("\(name) \(path): \(reason)", subject, hint: "check the path and its owner")
    }
    // Without a callback OpenSSL would ask for a passphrase at the terminal and block.
    let code = unsafe mosquitto_tls_set(
      handle, tls.caFile, nil, tls.certificateFile, tls.keyFile, { _, _, _, _ in 0 })
    try check(code, "cert_file and key_file must be given together", subject)
  }

  /// MQTT 5's session expiry. Only the connect calls that block take properties; but they keep them
  /// for every later connect, and they keep them before they look at the port: so one such call
  /// with a port that cannot be is the way to a connect that does not block. A test
  /// (`a session outlives its connection`) would notice a libmosquitto that does it otherwise.
  private static func setProperties(
    _ options: ConnectionOptions, _ handle: OpaquePointer, _ subject: String
  ) throws(MQTTError) {
    guard options.sessionExpirySeconds > 0 else { return }
    var properties: OpaquePointer?
    defer { unsafe mosquitto_property_free_all(&properties) }
    let code = unsafe mosquitto_property_add_int32(
      &properties, Int32(MQTT_PROP_SESSION_EXPIRY_INTERVAL.rawValue),
      options.sessionExpirySeconds)
    try check(code, "session expiry", subject)
    let impossiblePort: Int32 = -1
    unsafe mosquitto_connect_bind_v5(
      handle, options.host, impossiblePort, Int32(options.keepAliveSeconds), nil, properties)
  }

  private static func check(
    _ code: Int32, _ message: String, _ subject: String
  ) throws(MQTTError) {
    guard code != successCode else { return }
    throw illegal(message, subject)
  }

  private static func illegal(
    _ message: String, _ subject: String, hint: String? = nil
  ) -> MQTTError {
    MQTTError(
      "configure", subject, code: MOSQ_ERR_INVAL.rawValue, message: message, hint: hint,
      isRetryable: false)
  }
}

let successCode = MOSQ_ERR_SUCCESS.rawValue
