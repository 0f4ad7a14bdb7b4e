import Daemon
import Glibc
import Synchronization

/// A mosquitto of one test, on a free port of 127.0.0.1, with its files in the test's folder.
public final class Broker {
  public let port: Int
  public let folder: TemporaryFolder
  public private(set) var pid: pid_t?

  /// - Parameters:
  ///   - settings: further lines of mosquitto.conf.
  ///   - certificates: makes the listener speak TLS.
  public init(
    in folder: TemporaryFolder, settings: [String] = [], certificates: Certificates? = nil,
    isStarted: Bool = true
  ) {
    self.folder = folder
    port = Broker.freePort()
    var lines = [
      "user root", "listener \(port) 127.0.0.1", "persistence true",
      "persistence_location \(folder.path)/", "persistence_file broker-\(port).db",
      "autosave_interval 1", "max_inflight_messages 1000", "max_queued_messages 0",
      "log_type error", "log_type warning",
    ]
    if let certificates {
      lines += [
        "cafile \(certificates.ca)", "certfile \(certificates.server)",
        "keyfile \(certificates.serverKey)", "require_certificate true",
        "use_identity_as_username true",
      ]
    }
    lines += ["allow_anonymous true"] + settings
    folder.write(lines.joined(separator: "\n") + "\n", to: "broker-\(port).conf")
    if isStarted { start() }
  }

  /// With a configuration that the project ships, at this test's port and folder.
  ///
  /// - Parameter name: of a file in `config/mosquitto/`, without its ending.
  public init(in folder: TemporaryFolder, shipped name: String) throws {
    self.folder = folder
    port = Broker.freePort()
    let lines = try Files.text(Repository.path("config/mosquitto/\(name).conf"))
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { [port] line in
        if line.hasPrefix("listener ") { return "listener \(port) 127.0.0.1" }
        if line.hasPrefix("persistence_location ") {
          return "persistence_location \(folder.path)/\npersistence_file broker-\(port).db"
        }
        return String(line)
      }
    folder.write(lines.joined(separator: "\n") + "\nuser root\n", to: "broker-\(port).conf")
    start()
  }

  /// With a configuration of the test's own.
  ///
  /// - Parameter port: of the listener that tells that it has started.
  public init(in folder: TemporaryFolder, port: Int, configuration: String) {
    self.folder = folder
    self.port = port
    folder.write(configuration, to: "broker-\(port).conf")
    start()
  }

  deinit { kill() }

  /// Starts it, and waits until it answers.
  public func start() {
    precondition(pid == nil)
    pid = TestSupport.start(
      "/usr/sbin/mosquitto", ["-c", folder.file("broker-\(port).conf")],
      output: folder.file("broker-\(port).log"))
    guard eventually(within: .seconds(20), { Broker.answers(port) }) else {
      fatalError("mosquitto does not answer on port \(port); see \(folder.path)")
    }
  }

  /// SIGKILL by default: it has no time to write its file.
  public func kill(_ signal: Int32 = SIGKILL) {
    guard let pid else { return }
    Glibc.kill(pid, signal)
    // One that is paused would not hear of it.
    Glibc.kill(pid, SIGCONT)
    waitForEnd(of: pid)
    self.pid = nil
  }

  /// SIGSTOP: the broker is there, but does not answer.
  public func pause() { if let pid { Glibc.kill(pid, SIGSTOP) } }
  public func resume() { if let pid { Glibc.kill(pid, SIGCONT) } }

  /// Ports that were given out: who kills a broker wants to start it there again.
  private static let given = Mutex<Set<UInt16>>([])

  /// A port that nobody uses at the moment nor was given to another test, below those that the
  /// kernel gives to outgoing connections: one of these would keep a broker from starting again.
  public static func freePort() -> Int {
    for _ in 0..<1_000 {
      let port = UInt16.random(in: 10_000..<32_000)
      guard given.withLock({ $0.insert(port).inserted }) else { continue }
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(descriptor) }
      var address = loopback(port: port)
      let code = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if code == 0 { return Int(port) }
    }
    fatalError("no port is free")
  }

  private static func answers(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: UInt16(port))
    return withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}

/// A certificate authority of one test, and what it signed.
public struct Certificates {
  public let ca: String
  /// For 127.0.0.1 and localhost.
  public let server: String
  public let serverKey: String
  public let client: String
  public let clientKey: String

  /// - Parameters:
  ///   - name: the client certificate's common name.
  ///   - days: that all of them are valid.
  ///   - hosts: that the broker's certificate is for.
  ///   - validity: of the broker's certificate alone, in days from now.
  public init(
    in folder: TemporaryFolder, name: String = "kcn-1", days: Int = 2,
    hosts: String = "DNS:localhost,IP:127.0.0.1", server validity: ClosedRange<Int>? = nil
  ) {
    let path = folder.path
    ca = "\(path)/ca.crt"
    server = "\(path)/server.crt"
    serverKey = "\(path)/server.key"
    client = "\(path)/client.crt"
    clientKey = "\(path)/client.key"
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(
      [
        "req", "-x509", "-days", "\(days)", "-subj", "/CN=test ca", "-keyout", "\(path)/ca.key",
        "-out",
        ca,
      ]
        + key)
    for (subject, file) in [("localhost", "server"), (name, "client")] {
      let request = "\(path)/\(file).csr"
      openssl(
        ["req", "-subj", "/CN=\(subject)", "-keyout", "\(path)/\(file).key", "-out", request] + key)
      folder.write("subjectAltName=\(hosts)\n", to: "\(file).ext")
      openssl([
        "x509", "-req", "-days", "\(days)", "-in", request, "-CA", ca, "-CAkey", "\(path)/ca.key",
        "-CAcreateserial", "-extfile", "\(path)/\(file).ext", "-out", "\(path)/\(file).crt",
      ])
    }
    if let validity { sign(for: validity, in: folder, to: server) }
  }

  /// A certificate of the broker, for the key that it has, that has expired.
  public func expired(in folder: TemporaryFolder) -> String {
    let path = folder.file("expired.crt")
    sign(for: -3 ... -1, in: folder, to: path)
    return path
  }

  /// Signs the broker's request anew, as only `openssl ca` takes dates.
  private func sign(
    for days: ClosedRange<Int>, in folder: TemporaryFolder, to certificate: String
  ) {
    let path = folder.path
    folder.write("", to: "index.txt")
    folder.write(
      """
      [a]
      database = \(path)/index.txt
      new_certs_dir = \(path)
      rand_serial = yes
      default_md = sha256
      policy = any
      [any]
      commonName = supplied

      """, to: "ca.conf")
    func time(_ days: Int) -> String {
      let text = RFC3339.format(ms: (wallClockMs() / 1_000 + Int64(days) * 86_400) * 1_000)
      return text.filter { $0.isNumber || $0 == "Z" }
    }
    openssl([
      "ca", "-batch", "-notext", "-config", "\(path)/ca.conf", "-name", "a", "-cert", ca,
      "-keyfile", "\(path)/ca.key", "-extfile", "\(path)/server.ext", "-startdate",
      time(days.lowerBound), "-enddate", time(days.upperBound), "-in", "\(path)/server.csr",
      "-out", certificate,
    ])
  }

  private func openssl(_ arguments: [String]) {
    precondition(run("/usr/bin/openssl", arguments) == 0, "openssl \(arguments) failed")
  }
}
