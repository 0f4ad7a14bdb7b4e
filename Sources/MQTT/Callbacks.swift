import CMosquitto

extension Connection {
  /// libmosquitto keeps one function pointer for each; the context is the connection's `Inbox`.
  static func hookCallbacks(_ handle: OpaquePointer) {
    unsafe mosquitto_connect_v5_callback_set(handle) {
      _, context, reason, flags, properties in
      guard let inbox = unsafe Connection.inbox(context) else { return }
      inbox.limits = unsafe BrokerLimits(properties)
      // MQTT 5 reason codes begin at 128; below are those of 3.1.1.
      let reason = reason >= 128 ? reason : MQTTError.reason(ofConnack: reason)
      inbox.connack = (reason, flags & 1 != 0)
    }
    unsafe mosquitto_disconnect_v5_callback_set(handle) { _, context, reason, _ in
      guard let inbox = unsafe Connection.inbox(context) else { return }
      // Called twice where the broker said DISCONNECT, the second time without its reason.
      inbox.disconnect = inbox.disconnect ?? reason
    }
    unsafe mosquitto_message_callback_set(handle) { _, context, message in
      guard let inbox = unsafe Connection.inbox(context), let message = unsafe message else {
        return
      }
      unsafe inbox.append(message)
    }
    unsafe mosquitto_publish_v5_callback_set(handle) { _, context, packetID, reason, _ in
      guard let inbox = unsafe Connection.inbox(context) else { return }
      if reason == MQTT_RC_NO_MATCHING_SUBSCRIBERS.rawValue { inbox.unclaimedCount += 1 }
      inbox.settled(packetID, reason: reason, .published(packetID), "publish")
    }
    unsafe mosquitto_subscribe_v5_callback_set(handle) { _, context, packetID, count, granted, _ in
      guard let inbox = unsafe Connection.inbox(context), let granted = unsafe granted, count > 0
      else { return }
      inbox.settled(
        packetID, reason: unsafe granted[0], .subscribed(packetID), "subscribe")
    }
  }

  typealias LogCallback =
    @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Void

  /// OpenSSL's words reach us through libmosquitto's log alone.
  static let collectDetail: LogCallback =
    { _, context, level, text in
      guard level & Int32(MOSQ_LOG_ERR) != 0, let inbox = unsafe Connection.inbox(context),
        let text = unsafe text
      else { return }
      inbox.note(unsafe String(cString: text))
    }

  /// Also counts the call: that is how `read` sees progress.
  private static func inbox(_ context: UnsafeMutableRawPointer?) -> Inbox? {
    guard let context = unsafe context else { return nil }
    let inbox = unsafe Unmanaged<Inbox>.fromOpaque(context).takeUnretainedValue()
    inbox.callbackCount &+= 1
    return inbox
  }
}

extension Inbox {
  func settled(
    _ packetID: Int32, reason: Int32, _ event: Connection.Event, _ operation: String
  ) {
    guard reason >= 128 else { return events.append(event) }
    events.append(.refused(.refusal(operation, subject, reason: reason)))
  }
}
