import Aggregator
import Daemon
import TestSupport
import Testing

/// What is wrong with a table is said with file, line, value and what is legal.
@Suite struct TablesTests {
  private let areas: AreaTable

  init() throws {
    areas = try AreaTable(
      try ConfigNode.parse(
        text: """
          { province: { vi: "P", en: "P" }, areas: [
            { id: "phu-ly", name: { vi: "Phủ Lý", en: "Phu Ly" }, population: 158212 },
            { id: "duy-tien", name: { vi: "Duy Tiên", en: "Duy Tien" }, population: 137150 } ] }
          """, name: "areas.json"))
  }

  private func complaint(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "none"
    } catch {
      return "\(error)"
    }
  }

  private func population(_ rows: String) -> String {
    complaint {
      _ = try PopulationFile.parse(
        text: "quadkey,area,population\n" + rows, name: "population.csv", areas: areas)
    }
  }

  private func areas(_ entries: String) -> String {
    complaint {
      _ = try AreaTable(
        try ConfigNode.parse(
          text: "{ province: { vi: \"P\", en: \"P\" },\nareas: [\(entries)] }", name: "areas.json"))
    }
  }

  private func indicators(_ entries: String) -> String {
    complaint {
      _ = try IndicatorTable(
        try ConfigNode.parse(text: "{ indicators: [\n\(entries)] }", name: "indicators.json"))
    }
  }

  @Test func `the seeds are sound`() throws {
    let areas = try AreaTable(file: Repository.path("seeds/areas.json"))
    let population = try PopulationSums(Repository.path("seeds/population.csv"), areas)
    #expect(population.people == areas.areas.map(\.population))
    #expect(population.tileCount == 2_814)
    let indicators = try IndicatorTable(file: Repository.path("seeds/indicators.json"))
    #expect(indicators.filled.map(\.code) == ["7.1", "7.4", "7.6", "20.1", "20.2"])
  }

  @Test func `a population row must be a z16 tile of a known area with people`() {
    let tile = "1322101301030002"
    #expect(population("\(tile),phu-ly,10\n") == "none")
    #expect(
      population("\(tile),phu-ly,10\n132,phu-ly,3\n")
        == "population.csv:3: quadkey is \"132\", allowed 16 digits 0…3; correct it")
    #expect(
      population("132210130103000x,phu-ly,3\n")
        == "population.csv:2: quadkey is \"132210130103000x\", allowed 16 digits 0…3; correct it")
    #expect(
      population("\(tile),phuly,3\n")
        == "population.csv:2: area is \"phuly\", allowed an id of the areas table: phu-ly, "
        + "duy-tien; correct it")
    #expect(
      population("\(tile),phu-ly,-3\n")
        == "population.csv:2: population is \"-3\", allowed 0…1000000000; correct it")
    #expect(
      population("\(tile),phu-ly,3\n\(tile),duy-tien,3\n\(tile),phu-ly,4\n")
        == "population.csv:4: tile \(tile) of phu-ly is in line 2 already; add the two rows up")
    #expect(
      population("\(tile),phu-ly\n")
        == "population.csv:2: the row has 2 fields, but must have 3 (quadkey,area,population); "
        + "correct it")
    #expect(
      population("") == "population.csv: has no rows; add some, or remove the key that names it")
    #expect(
      population("\(tile),phu-ly,0\n")
        == "population.csv: nobody lives in any of its tiles; use another table")
  }

  @Test func `an area has an id of its own and people`() {
    let name = "name: { vi: \"A\", en: \"A\" }"
    #expect(
      areas("{ id: \"a\", \(name) }")
        == "areas.json:2: areas[0].population is missing; add it to areas[0], which begins here")
    #expect(
      areas("{ id: \"a\", \(name), population: 0 }")
        == "areas.json:2: areas[0].population is 0, allowed 1…1000000000; raise it")
    #expect(
      areas("{ id: \"a\", \(name), population: null }")
        == "areas.json:2: areas[0].population is null, but must be a whole number; change it")
    #expect(
      areas("{ id: \"A b\", \(name), population: 1 }")
        == "areas.json:2: areas[0].id is \"A b\", allowed a-z 0-9 -, 1…64 characters; change it")
    #expect(
      areas("{ id: \"a\", \(name), population: 1 },\n{ id: \"a\", \(name), population: 2 }")
        == "areas.json:3: areas[1].id is \"a\", which an earlier area has already; ids must be "
        + "unique")
    #expect(
      areas("{ id: \"a\", \(name), people: 1, population: 1 }")
        == "areas.json:2: unknown key areas[0].people; known here: id, name, type, population, "
        + "households")
    #expect(areas("") == "areas.json:2: areas is empty; list at least one area")
  }

  @Test func `an indicator has a code of its own and what its method needs`() {
    let rest = "name: { vi: \"A\", en: \"A\" }, target_year: 2030"
    #expect(
      indicators("{ code: \"1\", \(rest) },\n{ code: \"1\", \(rest) }")
        == "indicators.json:3: indicators[1].code is \"1\", which an earlier row has already; "
        + "codes must be unique")
    #expect(
      indicators("{ code: \"a/b\", \(rest) }")
        == "indicators.json:2: indicators[0].code is \"a/b\", allowed a-z 0-9 . -, 1…32 "
        + "characters; change it")
    #expect(
      indicators("{ code: \"1\", \(rest), method: \"20.3/1\" }")
        == "indicators.json:2: indicators[0].method is \"20.3/1\", allowed \"20.1/1\", \"20.2/1\", "
        + "\"7.x/1\"; did you mean \"20.1/1\"?")
    #expect(
      indicators("{ code: \"1\", \(rest), unit: \"%\", target: 80, method: \"7.x/1\" }")
        == "indicators.json:2: indicators[0].numerator is missing; add it to indicators[0], which "
        + "begins here")
    #expect(
      indicators("{ code: \"1\", name: { vi: \"A\" }, target_year: 2030 }")
        == "indicators.json:2: indicators[0].name.en is missing; add it to indicators[0].name, "
        + "which begins here")
  }

  @Test func `an operator's record has an area, lines, a share and a day`() {
    func availability(_ row: String) -> String {
      complaint {
        _ = try AvailabilityFile(
          text: "operator,area,lines,orderable_share,as_of\n" + row, name: "availability.csv",
          areas: areas)
      }
    }
    #expect(availability("vnpt,phu-ly,5000,0.96,2026-03-31\n") == "none")
    #expect(availability("vnpt,phu-ly,5000,,2026-03-31\n") == "none")
    #expect(
      availability("vnpt,phu-ly,5000,96,2026-03-31\n")
        == "availability.csv:2: orderable_share is \"96\", allowed 0…1, or nothing where it is not "
        + "known; correct it")
    #expect(
      availability("vnpt,phu-ly,0,0.9,2026-03-31\n")
        == "availability.csv:2: lines is \"0\", allowed 1…1000000000; correct it")
    #expect(
      availability("vnpt,phu-ly,5,0.9,2026-02-30\n")
        == "availability.csv:2: as_of is \"2026-02-30\", allowed a date such as 2026-11-23; "
        + "correct it")
  }

  @Test func `a table that is not there, or of other columns, says so`() throws {
    let folder = TemporaryFolder()
    folder.write("a,b\n1,2\n", to: "t.csv")
    #expect(
      complaint { _ = try PopulationFile.read(folder.file("t.csv"), areas: areas) }
        == "\(folder.file("t.csv")):1: the header is \"a,b\", but must be "
        + "\"quadkey,area,population\"; change it")
    #expect(
      complaint { _ = try PopulationFile.read("/nowhere/p.csv", areas: areas) }
        == "/nowhere/p.csv: cannot be read: No such file or directory; create it, or name another "
        + "file")
  }

  @Test func `a new population table says what it changes, area by area`() throws {
    let folder = TemporaryFolder()
    let header = "quadkey,area,population\n"
    folder.write(header + "1322101301030002,phu-ly,10\n", to: "old.csv")
    folder.write(
      header + "1322101301030002,phu-ly,7\n1322101301030003,duy-tien,5\n", to: "new.csv")
    let old = try PopulationSums(folder.file("old.csv"), areas)
    let new = try PopulationSums(folder.file("new.csv"), areas)
    let change = PopulationChange(path: "population.csv", old: old, new: new, areas: areas)
    #expect(
      change.text(isReplaced: true) == """
        AREA          BEFORE  AFTER  CHANGE  AREAS TABLE
        phu-ly            10      7      -3       158212
        duy-tien           0      5      +5       137150
        tất cả / all      10     12      +2       295362
        ô / tiles          1      2      +1
        trước / before: sha256:\(old.digest)
        sau / after:    sha256:\(new.digest)
        Đã thay population.csv, bảng cũ là population.csv.previous.
          The table is replaced, the old one is kept under that name.
        → sudo systemctl reload hatang-aggregator
          to use it

        """)
    var json = JSONWriter()
    change.write(to: &json, isReplaced: false)
    #expect(
      json.text == """
        {"replaced":false,"before":"sha256:\(old.digest)","after":"sha256:\(new.digest)",\
        "tiles_before":1,"tiles_after":2,"areas":[{"area":"phu-ly","before":10,"after":7,\
        "areas_table":158212},{"area":"duy-tien","before":0,"after":5,"areas_table":137150}]}
        """)
  }
}
