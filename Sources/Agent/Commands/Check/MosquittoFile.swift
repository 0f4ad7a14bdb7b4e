import Daemon

/// What the configuration of a mosquitto on this host says of what our promises need. Each value is
/// mosquitto's own default (mosquitto.conf(5)) until a file gives another.
package struct MosquittoFile: Equatable {
  package private(set) var isPersistent = false
  /// `nil`: the directory that the broker was started in.
  package private(set) var persistenceFolder: String?
  /// Of changes or of seconds; 0: the file is written when the broker ends.
  package private(set) var autosaveInterval: Int64 = 1_800
  package private(set) var autosaveCountsChanges = false
  /// 0: no bound.
  package private(set) var queuedMessagesMax: Int64 = 1_000
  /// 0: no bound.
  package private(set) var queuedBytesMax: Int64 = 0
  /// 0: no bound.
  package private(set) var inflightMessagesMax: Int64 = 20
  /// 0: no bound.
  package private(set) var inflightBytesMax: Int64 = 0
  /// Of a payload; what is larger is acknowledged and thrown away. 0: no bound.
  package private(set) var messageBytesMax: Int64 = 0
  /// Of a packet; what is larger closes its sender's connection. 0: no bound.
  package private(set) var packetBytesMax: Int64 = 0
  /// Such as `2m`: a session whose client stays away for so long ends. `nil`: it never does.
  package private(set) var sessionExpiry: String?
  package private(set) var isPerListener = false
  package private(set) var listeners: [Listener] = []

  package struct Listener: Equatable {
    package fileprivate(set) var port: Int64
    /// `nil`: every address.
    package fileprivate(set) var address: String?
    /// `nil`: every interface.
    package fileprivate(set) var interface: String?
    /// `nil`: not said for it alone.
    package fileprivate(set) var isAnonymous: Bool?
    /// Speaks TLS.
    fileprivate var hasCertificate = false
    fileprivate var asksForCertificate = false

    fileprivate init(port: Int64, address: String? = nil) {
      self.port = port
      self.address = address
    }

    package var isLoopback: Bool {
      // Port 0 is a socket in the file system.
      port == 0 || interface == "lo"
        || address.map { $0.hasPrefix("127.") || ["::1", "localhost"].contains($0) } ?? false
    }

    /// Whoever comes has to show a certificate of an authority that the broker trusts.
    fileprivate var isForKnown: Bool { hasCertificate && asksForCertificate }
  }

  /// Of `port` and `bind_address`, wherever they stand, and of what stands before a file's first
  /// `listener`. mosquitto puts it after the others.
  private var defaultListener = Listener(port: portDefault)
  /// Something was said of the default listener, so there is one. Without any listener mosquitto
  /// is there for this host alone.
  private var hasDefault = false
  /// Said for all listeners.
  private var isAnonymous: Bool?

  package static let usualPath = "/etc/mosquitto/mosquitto.conf"
  private static let bytesMax = 1 << 20
  private static let portDefault: Int64 = 1_883

  /// - Returns: `nil` where it cannot be read, or is not the file of the broker at this port.
  package init?(_ path: String, port: Int) {
    guard add(path, isMain: true) else { return nil }
    if hasDefault {
      // Debian 12's (2.0.11) forgets to close this one, which later versions do.
      if isPerListener { defaultListener.isAnonymous = defaultListener.isAnonymous ?? true }
      listeners.append(defaultListener)
    }
    let ports = listeners.isEmpty ? [Self.portDefault] : listeners.map(\.port)
    guard ports.contains(Int64(port)) else { return nil }
  }

  /// Ports that others than this host reach, and that take whoever comes.
  package var openPorts: [Int64] {
    listeners.filter { listener in
      // Since 2.0 nobody is anonymous unless that is said.
      let isOpen = isPerListener ? listener.isAnonymous : isAnonymous
      return !listener.isLoopback && !listener.isForKnown && isOpen ?? false
    }.map(\.port)
  }

  /// - Returns: `false`: it or one that it includes cannot be read, and that one could say the
  ///   opposite.
  private mutating func add(_ path: String, isMain: Bool) -> Bool {
    guard let text = try? Files.text(path, bytesMax: Self.bytesMax) else { return false }
    // Begins anew in each file.
    var current: Int?
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.drop { $0 == " " || $0 == "\t" }
      guard !line.hasPrefix("#"),
        let space = line.firstIndex(where: { $0 == " " || $0 == "\t" })
      else { continue }
      let words = line[space...].split { $0 == " " || $0 == "\t" }
      guard let value = words.first.map(String.init) else { continue }
      let key = String(line[..<space])
      // Only the main file may include others.
      if key == "include_dir" {
        guard isMain, include(words.joined(separator: " ")) else { return false }
      } else if key == "listener" {
        let address = words.dropFirst().first.map(String.init)
        listeners.append(
          Listener(
            port: Int64(value) ?? 0, address: address?.hasPrefix("#") ?? true ? nil : address))
        current = listeners.count - 1
      } else {
        setDefault(key, value)
        setListener(key, value, at: current)
        set(key, value)
      }
    }
    return true
  }

  private mutating func include(_ folder: String) -> Bool {
    guard let names = try? Files.names(in: folder) else { return false }
    for name in names where name.hasSuffix(".conf") {
      guard add("\(folder)/\(name)", isMain: false) else { return false }
    }
    return true
  }

  private mutating func set(_ key: String, _ value: String) {
    let number = Int64(value) ?? 0
    switch key {
    case "persistence": isPersistent = Self.flag(value)
    case "persistence_location": persistenceFolder = value
    case "autosave_interval": autosaveInterval = number
    case "autosave_on_changes": autosaveCountsChanges = Self.flag(value)
    case "max_queued_messages": queuedMessagesMax = number
    case "max_queued_bytes": queuedBytesMax = number
    case "max_inflight_messages": inflightMessagesMax = number
    case "max_inflight_bytes": inflightBytesMax = number
    case "message_size_limit": messageBytesMax = number
    case "max_packet_size": packetBytesMax = number
    case "persistent_client_expiration": sessionExpiry = value
    case "per_listener_settings": isPerListener = Self.flag(value)
    default: break
    }
  }

  /// What is the default listener's wherever it stands.
  private mutating func setDefault(_ key: String, _ value: String) {
    switch key {
    case "port": defaultListener.port = Int64(value) ?? Self.portDefault
    case "bind_address": defaultListener.address = value
    default: return
    }
    hasDefault = true
  }

  /// - Parameter current: the last `listener` of the file; `nil`: the default one is meant.
  private mutating func setListener(_ key: String, _ value: String, at current: Int?) {
    var listener = current.map { listeners[$0] } ?? defaultListener
    switch key {
    case "bind_interface": listener.interface = value
    case "certfile": listener.hasCertificate = true
    case "require_certificate": listener.asksForCertificate = Self.flag(value)
    case "allow_anonymous" where isPerListener: listener.isAnonymous = Self.flag(value)
    case "allow_anonymous": isAnonymous = Self.flag(value)
    default: break
    }
    if let current {
      listeners[current] = listener
    } else {
      defaultListener = listener
      if makesDefault(key, value) { hasDefault = true }
    }
  }

  /// Whether there is a default listener because a file says this before its first `listener`
  /// (config__parse_args in mosquitto's conf.c).
  private func makesDefault(_ key: String, _ value: String) -> Bool {
    switch key {
    case "require_certificate": Self.flag(value)
    case "max_connections": !value.hasPrefix("-")
    case "max_qos": value != "2"
    case "protocol": value != "mqtt"
    case "password_file", "psk_file", "plugin", "auth_plugin": isPerListener
    case "bind_interface", "socket_domain", "cafile", "capath", "certfile", "keyfile", "tls_engine",
      "ciphers", "ciphers_tls1.3", "dhparamfile", "psk_hint", "crlfile",
      "use_identity_as_username", "use_subject_as_username":
      true
    default: false
    }
  }

  private static func flag(_ value: String) -> Bool { value == "true" || value == "1" }
}
