import Daemon
import TestSupport
import Testing

/// What openapi.json promises, against what is served.
@Suite struct OpenAPITests {
  /// Of PyPI; installed once into the build folder.
  private static let version = "4.32.5"

  @Test func `schemathesis finds nothing at a running aggregator`() throws {
    let site = try WebSite()
    try site.change()
    let folder = TemporaryFolder()
    let tool = try installed(in: folder)
    // It leaves notes where it runs: there, not in the checkout.
    let run = try output(
      of: "/usr/bin/env",
      [
        "-C", folder.path, tool, "run", "http://127.0.0.1:\(site.port)/api/v1/openapi.json",
        "--max-examples", "15",
        "--seed", "1", "--no-color", "--generation-database", "none",
      ], in: folder, within: .seconds(300))
    #expect(run.exitCode == 0, "\(run.text)")
    #expect(run.text.contains("No issues found"), "\(run.text)")
  }

  @Test func `every address that is described is served, and names its parameters`() throws {
    let site = try WebSite()
    let paths = try site.node("/api/v1/openapi.json").required("paths").object()
    #expect(paths.count >= 8)
    for (path, item) in paths {
      let answer = try site.get(path.replacing("{code}", with: "20.2"))
      #expect(answer.status == 200, "\(path)")
      let content = try item.required("get").required("responses").required("200")
        .required("content").object()
      let type = answer.headers["content-type"]?.prefix { $0 != ";" }
      #expect(content.map(\.key) == [type.map(String.init) ?? ""], "\(path)")
    }
  }

  private func installed(in folder: TemporaryFolder) throws -> String {
    let place = Repository.path(".build/schemathesis-\(Self.version)")
    if Files.exists("\(place)/bin/st") { return "\(place)/bin/st" }
    for words in [
      ["python3", "-m", "venv", place],
      ["\(place)/bin/python", "-m", "pip", "install", "-q", "schemathesis==\(Self.version)"],
    ] {
      let run = try output(
        of: "/usr/bin/env", words, in: folder, within: .seconds(300))
      guard run.exitCode == 0 else {
        throw TestFailure("schemathesis cannot be installed from PyPI: \(run.text)")
      }
    }
    return "\(place)/bin/st"
  }
}
