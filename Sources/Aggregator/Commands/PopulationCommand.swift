package import Daemon
import Indicators

/// `hatang-aggregator population FILE`: checks a new population table, says what it would change,
/// and puts it in the place of the configured one. The old one stays beside it.
enum PopulationCommand: Command {
  static let usage = CommandLineParser.Command(
    "population", "Replaces the population table, and says what changes.",
    vi: "Thay bảng dân số, và nói điều gì thay đổi.", operands: "FILE",
    operandCount: 1...1,
    options: [
      .init(
        "dry-run", help: "only check, and say what would change",
        vi: "chỉ kiểm tra, và nói điều gì sẽ thay đổi"), Commands.json,
    ])

  static func run(_ options: Options) throws -> ExitCode {
    let configuration = try AggregatorConfiguration.read(options.config)
    guard let path = configuration.populationPath else {
      throw ConfigError(
        file: options.config, line: nil,
        text: "population is missing, so there is no table to replace; add it to the file")
    }
    let areas = try AreaTable(file: configuration.areasPath)
    let new = try PopulationSums(options.operands[0], areas)
    let old = Files.exists(path) ? try? PopulationSums(path, areas) : nil
    let isReplaced = !options.has("dry-run") && old != new
    if isReplaced { try replace(path, by: options.operands[0]) }
    let change = PopulationChange(path: path, old: old, new: new, areas: areas)
    if options.has("json") {
      var json = JSONWriter()
      change.write(to: &json, isReplaced: isReplaced)
      Standard.output(json.text + "\n")
    } else {
      Standard.output(change.text(isReplaced: isReplaced))
    }
    return .done
  }

  private static func replace(_ path: String, by file: String) throws(FileError) {
    let bytes = try Files.read(file)
    if Files.exists(path) {
      try Files.writeAtomically(path + ".previous", try Files.read(path))
    }
    try Files.writeAtomically(path, bytes)
  }
}

/// What a population table adds up to.
package struct PopulationSums: Equatable, Sendable {
  package let digest: String
  package let tileCount: Int
  /// By area, in the order of the area table.
  package let people: [Int]

  /// - Throws: whatever is wrong with the table, at its line.
  package init(_ file: String, _ areas: AreaTable) throws(ConfigError) {
    let (table, digest) = try PopulationFile.read(file, areas: areas)
    self.digest = digest
    people = table.peopleByArea
    tileCount = table.tileCount
  }

  package var total: Int { people.reduce(0, +) }
}

/// One table in the place of another.
package struct PopulationChange: Sendable {
  package let path: String
  /// `nil`: there was none, or none that could be read.
  package let old: PopulationSums?
  package let new: PopulationSums
  package let areas: AreaTable

  package init(path: String, old: PopulationSums?, new: PopulationSums, areas: AreaTable) {
    self.path = path
    self.old = old
    self.new = new
    self.areas = areas
  }

  package func text(isReplaced: Bool) -> String {
    var table = TextTable([
      ("AREA", .left), ("BEFORE", .right), ("AFTER", .right), ("CHANGE", .right),
      ("AREAS TABLE", .right),
    ])
    for (index, area) in areas.areas.enumerated() {
      table.add(
        row(area.id, old?.people[index], new.people[index], "\(area.population)"))
    }
    let listed = areas.areas.reduce(0) { $0 + $1.population }
    table.add(row("tất cả / all", old?.total, new.total, "\(listed)"))
    table.add(row("ô / tiles", old?.tileCount, new.tileCount, ""))
    var text = table.text
    text += "trước / before: \(old.map { "sha256:\($0.digest)" } ?? "-")\n"
    text += "sau / after:    sha256:\(new.digest)\n"
    if old == new {
      text += "Hai bảng như nhau.\n  The tables are the same.\n"
    } else if isReplaced {
      text += "Đã thay \(path), bảng cũ là \(path).previous.\n"
      text += "  The table is replaced, the old one is kept under that name.\n"
      text += "→ sudo systemctl reload hatang-aggregator\n  to use it\n"
    } else {
      text += "Chưa thay gì.\n  Nothing was changed.\n"
    }
    return text
  }

  private func row(_ name: String, _ before: Int?, _ after: Int, _ listed: String) -> [String] {
    let change = before.map { after - $0 }
    return [
      name, before.map { "\($0)" } ?? "-", "\(after)",
      change.map { "\($0 > 0 ? "+" : "")\($0)" } ?? "-", listed,
    ]
  }

  package func write(to json: inout JSONWriter, isReplaced: Bool) {
    json.beginObject()
    json.member("replaced", isReplaced)
    json.member("before", old.map { "sha256:\($0.digest)" })
    json.member("after", "sha256:\(new.digest)")
    json.member("tiles_before", old?.tileCount)
    json.member("tiles_after", new.tileCount)
    json.key("areas")
    json.beginArray()
    for (index, area) in areas.areas.enumerated() {
      json.beginObject()
      json.member("area", area.id)
      json.member("before", old?.people[index])
      json.member("after", new.people[index])
      json.member("areas_table", area.population)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }
}
