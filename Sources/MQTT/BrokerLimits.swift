import CMosquitto

/// What a broker says of its bounds in its CONNACK (MQTT 5, 3.2.2.3).
public struct BrokerLimits: Equatable, Sendable {
  /// Messages that a client may have under way to it; `nil`: not said, which means 65,535.
  public private(set) var receiveMaximum: Int?
  /// Bytes of a packet; `nil`: not said, which means no bound but the protocol's.
  public private(set) var packetBytesMax: Int?

  init() {}

  init(_ properties: OpaquePointer?) {
    guard let properties = unsafe properties else { return }
    var short: UInt16 = 0
    if unsafe mosquitto_property_read_int16(
      properties, Int32(MQTT_PROP_RECEIVE_MAXIMUM.rawValue), &short, false) != nil
    {
      receiveMaximum = Int(short)
    }
    var long: UInt32 = 0
    if unsafe mosquitto_property_read_int32(
      properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue), &long, false) != nil
    {
      packetBytesMax = Int(long)
    }
  }
}
