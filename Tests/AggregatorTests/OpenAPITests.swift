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
    let tool = try installed(in: folder).program("st")
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

  @Test(arguments: [
    ("coverage.geojson", "Coverage"), ("coverage.geojson?operator=45204", "Coverage"),
    ("next.geojson?operator=45204", "NextTiles"), ("indicators.json", "Indicators"),
  ])
  func `a file of the open data is what its schema says`(file: String, schema: String) throws {
    let site = try WebSite()
    let folder = TemporaryFolder()
    folder.write(try site.get("/api/v1/openapi.json").body, to: "openapi.json")
    folder.write(try site.get("/data/\(file)").body, to: "file.json")
    let script = """
      import json, sys, jsonschema_rs
      api, data = (json.load(open(f"{sys.argv[1]}/{name}.json")) for name in ("openapi", "file"))
      whole = api | {"$ref": "#/components/schemas/" + sys.argv[2]}
      schema = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
      for fault in schema.iter_errors(data):
          print(fault.instance_path, fault.message[:300])
      # A schema that lets everything pass would be none.
      first = data.get("features", data.get("indicators"))[0]
      first.pop("properties", first.pop("code", None))
      print("wrong one found:", not schema.is_valid(data))
      """
    let run = try output(
      of: try installed(in: folder).program("python"), ["-c", script, folder.path, schema],
      in: folder, within: .seconds(120))
    #expect(run.text == "wrong one found: True\n" && run.exitCode == 0, "\(run.text)")
  }

  private func installed(in folder: TemporaryFolder) throws -> PythonEnvironment {
    try PythonEnvironment("schemathesis-\(Self.version)", in: folder) {
      try $0.pip(["schemathesis==\(Self.version)"])
    }
  }
}
