/// How a connection is made. Values outside their range are refused by `Connection.init`.
public struct ConnectionOptions: Sendable {
  /// Name or address. Every address family that the name has is tried in turn.
  public var host: String
  /// 1 … 65,535.
  public var port: Int
  /// Names the session on the broker; at most 65,535 bytes of UTF-8, not empty.
  public var clientID: String
  public var protocolVersion: ProtocolVersion = .v5
  /// 5 … 65,535, or 0: no MQTT keep-alive, TCP's own is on in any case.
  public var keepAliveSeconds = 60
  public var username: String?
  /// Only with `username`.
  public var password: String?
  /// `nil`: plain TCP.
  public var tls: TLSOptions?
  /// Whether the broker forgets the session of before.
  public var isCleanStart = true
  /// How long the broker keeps the session without a connection; `UInt32.max`: for ever. 0: it ends
  /// with the connection. MQTT 5 only: with MQTT 3.1.1 a session that is not clean never expires.
  public var sessionExpirySeconds: UInt32 = 0
  /// Messages that the broker may have under way to us without a PUBACK, 1 … 65,535. MQTT 5 only:
  /// with 3.1.1 the broker's own bound rules. mosquitto takes the lower one of this and its
  /// `max_inflight_messages` (20 by default).
  public var receiveMaximum = 1_000
  /// Messages that we have under way to the broker without a PUBACK, 1 … 65,535; more wait in
  /// memory. A broker's own receive maximum overrules this.
  public var inflightMaximum = 100
  /// What the broker publishes in our place when the connection dies.
  public var will: Publication?
  /// How long TCP, TLS and CONNACK may take together.
  public var connectTimeout: Duration = .seconds(15)

  public enum ProtocolVersion: Sendable { case v311, v5 }

  public init(host: String, port: Int, clientID: String) {
    self.host = host
    self.port = port
    self.clientID = clientID
  }
}

/// TLS with the broker's certificate checked against `caFile` and its name against the host.
public struct TLSOptions: Sendable {
  /// PEM.
  public var caFile: String
  /// Our own certificate, PEM; together with `keyFile`.
  public var certificateFile: String?
  /// PEM, without a passphrase.
  public var keyFile: String?

  public init(caFile: String, certificateFile: String? = nil, keyFile: String? = nil) {
    self.caFile = caFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }
}

/// A message to be published, with QoS 1.
public struct Publication: Sendable {
  public var topic: String
  public var payload: [UInt8]
  public var isRetained: Bool

  public init(topic: String, payload: [UInt8], isRetained: Bool = false) {
    self.topic = topic
    self.payload = payload
    self.isRetained = isRetained
  }
}

/// A message that came.
public struct Message: Sendable {
  public let topic: String
  public let payload: [UInt8]
  /// 0 with QoS 0. A broker keeps it for a message that it sends again.
  public let packetID: UInt16
  /// The broker had kept it as the topic's last value from before the subscription.
  public let isRetained: Bool
  /// 0 … 2, what publisher and subscription allow.
  public let qos: Int

  public init(
    topic: String, payload: [UInt8], packetID: UInt16 = 0, isRetained: Bool = false, qos: Int = 1
  ) {
    self.topic = topic
    self.payload = payload
    self.packetID = packetID
    self.isRetained = isRetained
    self.qos = qos
  }
}
