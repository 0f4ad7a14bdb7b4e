import Aggregator
import Daemon
import TestSupport
import Testing

/// The catalogue as a CKAN portal reads it.
@Suite struct HarvestTests {
  private static let (ckan, dcat) = ("2.12.0", "2.4.4")

  /// CKAN declares what it needs as an extra; of that psycopg2 would have to be compiled, and no
  /// database is asked for anything here.
  private func environment(in folder: TemporaryFolder) throws -> PythonEnvironment {
    try PythonEnvironment("ckan-\(Self.ckan)-dcat-\(Self.dcat)", in: folder) { python in
      try python.pip(["ckan==\(Self.ckan)", "ckanext-dcat==\(Self.dcat)"])
      let script = """
        from importlib.metadata import requires
        for line in requires("ckan"):
            if "requirements" in line and "psycopg2" not in line:
                print(line.split(";")[0].strip())
        """
      let needs = try output(of: python.program("python"), ["-c", script], in: folder)
      folder.write(needs.text, to: "needs.txt")
      try python.pip(["-r", folder.file("needs.txt")])
    }
  }

  private func harvested() throws -> [ConfigNode] {
    let province = try Province()
    let openData = try OpenDataConfiguration(
      try ConfigNode.parse(
        text: """
          { url: "https://hatang.example", publisher: "Sở KH&CN",
            licence: "https://creativecommons.org/licenses/by/4.0/", update_interval: "daily" }
          """, name: "aggregator.json5"))
    let router = Router(
      try StoreReader(path: province.site.path), tables: try Province.tables(),
      method: province.method, report: IngestReport(), openData: openData,
      now: { Province.nowMs })
    let folder = TemporaryFolder()
    let answer = router.answer(HTTPRequest(path: "/catalog.jsonld"))
    folder.write(String(decoding: answer.body, as: UTF8.self), to: "catalog.jsonld")
    let run = try output(
      of: try environment(in: folder).program("python"),
      [Repository.path("Tests/Resources/harvest.py"), folder.file("catalog.jsonld")], in: folder,
      within: .seconds(120))
    let line = run.text.split(separator: "\n").last.map(String.init) ?? ""
    try #require(run.exitCode == 0, "\(run.text)")
    return try ConfigNode.parse(text: line, name: "harvest").array()
  }

  @Test func `CKAN's harvester reads every dataset with licence, interval, publisher and files`()
    throws
  {
    let sets = try harvested()
    #expect(
      try sets.map { try $0.required("identifier").string() } == [
        "hatang-coverage", "hatang-history", "hatang-indicators", "hatang-next",
      ])
    for set in sets {
      #expect(try set.required("title").string().isEmpty == false)
      #expect(try set.required("notes").string().isEmpty == false)
      #expect(try set.required("publisher_name").string() == "Sở KH&CN")
      #expect(
        try set.required("frequency").string()
          == "http://publications.europa.eu/resource/authority/frequency/DAILY")
      #expect(try set.required("tags").array().count == 3)
      for file in try set.required("resources").array() {
        let name = try file.required("name").string()
        #expect(
          try file.required("license").string() == "https://creativecommons.org/licenses/by/4.0/")
        #expect(
          try file.required("download_url").string() == "https://hatang.example/data/\(name)")
        #expect(try file.required("mimetype").string().contains("/"))
      }
    }
    let files = try sets.flatMap { try $0.required("resources").array() }
    #expect(files.count == 8)
  }
}
