import Protocol
import SQLite
import TestSupport

/// A file of an older version becomes one of the newest, in several steps, as both programs' files
/// do.
struct MigrationScenario: CutScenario {
  var name: String { "migration" }

  /// Steps that a promise says are done.
  typealias Promise = Int

  private static let migrations = [
    "CREATE TABLE items (id INTEGER PRIMARY KEY, body TEXT NOT NULL)",
    """
    ALTER TABLE items ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
    UPDATE items SET size = length(body)
    """,
    """
    CREATE TABLE parts (item INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (item, place));
    INSERT INTO parts SELECT id, size FROM items
    """,
    "CREATE INDEX items_size ON items (size); DELETE FROM items WHERE id % 7 = 0",
  ]
  private static let applicationID: Int64 = 77
  private static let itemCount: Int64 = 400

  func files(using generator: inout SeededGenerator) throws -> [String: [UInt8]] {
    let folder = Folder.make()
    defer { Folder.remove(folder) }
    let isLogged = generator.once(in: 2)
    do {
      let database = try Database(path: "\(folder)/file.db")
      try database.migrate(
        Array(MigrationScenario.migrations.prefix(1)),
        applicationID: MigrationScenario.applicationID)
      if isLogged { try database.execute("PRAGMA journal_mode = WAL") }
      let insert = try database.prepare("INSERT INTO items VALUES (?, ?)")
      for id in 1...MigrationScenario.itemCount {
        try insert.bind(1, id)
        try insert.bind(2, String(repeating: "x", count: Int(id)))
        try insert.run()
      }
    }
    return try Folder.files(folder)
  }

  func perform(
    in folder: String, using generator: inout SeededGenerator, promise: (Int) -> Void
  ) throws {
    for count in 2...MigrationScenario.migrations.count {
      let database = try Database(path: "\(folder)/file.db")
      try database.migrate(
        Array(MigrationScenario.migrations.prefix(count)),
        applicationID: MigrationScenario.applicationID)
    }
  }

  func verify(
    _ folder: String, _ promise: Int?, using generator: inout SeededGenerator
  ) throws {
    let database = try Database(path: "\(folder)/file.db")
    let version = try database.integer("PRAGMA user_version")
    let all = MigrationScenario.itemCount
    let items = try database.integer("SELECT count(*) FROM items")
    try hold(items == (version < 4 ? all : all - all / 7), "version \(version): \(items) items")
    try database.migrate(
      MigrationScenario.migrations, applicationID: MigrationScenario.applicationID)
    try hold(
      try database.integer("SELECT count(*) FROM items WHERE size = length(body)")
        == all - all / 7, "not every item was brought up to date")
    try hold(try database.integer("SELECT count(*) FROM parts") == all, "parts are missing")
  }
}
