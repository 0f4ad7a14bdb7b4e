import Daemon
import Glibc
import TestSupport
import Testing

/// What the programs tell people to look at is there on an installed host.
@Suite struct PackagedPathsTests {
  /// What the host itself has, and what a command of ours makes there.
  private static let others: Set<String> = [
    "/etc/resolv.conf", "/etc/mosquitto/mosquitto.conf", "/var/lib/mosquitto",
    "/run/systemd/journal/socket", "/run/credentials", "/run/systemd/system", "/run/user",
    "/var/lib", "/var/tmp",
    // hatang-agent enroll, or a person after the example.
    "/etc/hatang/agent.json5", "/etc/hatang/agent.key", "/etc/hatang/password",
    "/etc/hatang/local-password", "/etc/hatang/aggregator.json5",
    // hatang-aggregator init-ca.
    "/var/lib/hatang-ca", "/etc/mosquitto/hatang",
  ]

  @Test func `every path that a text of the programs names is a package's or the service's`() throws
  {
    let staged = TemporaryFolder()
    let agent = Repository.program("hatang-agent")
    let run = try output(
      of: "/usr/bin/env",
      [
        "HATANG_BIN=\(Files.directory(of: agent))", Repository.path("tools/stage-packages.sh"),
        staged.file("out"),
      ], in: staged)
    try #require(run.exitCode == 0, "\(run.text)")
    var named: Set<String> = []
    for (file, text) in try literals(of: ["Agent", "Aggregator", "Enrolment", "Daemon"]) {
      for match in text.matches(of: /\/(?:usr|etc|var|run|lib)\/[A-Za-z0-9_.\/@-]*[A-Za-z0-9]/) {
        let path = String(match.0)
        guard path != "/etc/x" else { continue }
        named.insert(path)
        #expect(
          isThere(path, in: staged) || Self.others.contains(path) || isOfUnit(path),
          "\(file) names \(path)")
      }
      // A reader of the owners' pages is nobody who has the host.
      guard !file.contains("/Web/Owner/") else { continue }
      #expect(
        text.firstMatch(of: /(^|[^\/a-z])(config|docs|seeds|systemd|tools)\/[a-z]/) == nil,
        "\(file) names what only the repository has: \(text)")
    }
    for path in [
      "/usr/share/doc/hatang-agent/probes.md.gz", "/usr/share/hatang/mosquitto/hatang-agent.conf",
      "/usr/share/doc/hatang-aggregator/examples/central.acl", "/var/lib/hatang-agent",
    ] { #expect(named.contains(path)) }
  }

  /// dh_compress packs documents above 4 KiB, but no examples.
  private func isThere(_ path: String, in staged: TemporaryFolder) -> Bool {
    ["hatang-agent", "hatang-aggregator"].contains { package in
      let place = staged.file("out/\(package)\(path)")
      guard path.hasPrefix("/usr/share/doc/"), !path.contains("/examples") else {
        return Files.exists(place)
      }
      let plain = path.hasSuffix(".gz") ? String(place.dropLast(3)) : place
      guard let bytes = try? Files.read(plain).count else { return Files.exists(place) }
      return path.hasSuffix(".gz") == (bytes > 4_096)
    }
  }

  /// In a folder that systemd makes for a unit of ours.
  private func isOfUnit(_ path: String) -> Bool {
    ["hatang-agent", "hatang-aggregator"].contains { unit in
      guard let text = try? Repository.text("systemd/\(unit).service") else { return false }
      return [("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run")].contains { key, root in
        let lines = text.split(separator: "\n").map(String.init)
        guard let line = lines.first(where: { $0.hasPrefix("\(key)=") }) else { return false }
        let name = line.dropFirst(key.count + 1)
        return path == "\(root)/\(name)" || path.hasPrefix("\(root)/\(name)/")
      }
    }
  }

  /// The text between quotation marks of every source line that is no comment.
  private func literals(of modules: [String]) throws -> [(file: String, text: String)] {
    let folder = TemporaryFolder()
    let found = try output(
      of: "/usr/bin/find",
      modules.map { Repository.path("Sources/\($0)") } + ["-name", "*.swift"], in: folder)
    var literals: [(file: String, text: String)] = []
    for file in found.text.split(separator: "\n").map(String.init) {
      var isInBlock = false
      for line in try Files.text(file).split(separator: "\n") {
        let marks = line.matches(of: /"""/).count
        let isComment = !isInBlock && line.drop { $0 == " " }.hasPrefix("//")
        if isInBlock || marks > 0 {
          literals.append((file, String(line)))
        } else if !isComment {
          for match in line.matches(of: /"((?:[^"\\]|\\.)*)"/) {
            literals.append((file, String(match.1)))
          }
        }
        if marks % 2 == 1 { isInBlock.toggle() }
      }
    }
    return literals
  }
}
