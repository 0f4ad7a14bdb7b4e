import Glibc
import SQLite
import TestSupport
import Testing

@Suite struct MigrationTests {
  let folder = TemporaryFolder()
  let first = "CREATE TABLE a (x)"
  let second = "CREATE TABLE b (y); INSERT INTO a VALUES (1)"

  @Test func `a new file gets every migration once`() throws {
    let database = try Database(path: folder.file("a.db"))
    try database.migrate([first, second], applicationID: 77)
    try database.migrate([first, second], applicationID: 77)
    #expect(try database.integer("PRAGMA user_version") == 2)
    #expect(try database.integer("PRAGMA application_id") == 77)
    #expect(try database.integer("SELECT count(*) FROM a") == 1)
  }

  @Test func `an older file gets what it lacks`() throws {
    let database = try Database(path: folder.file("a.db"))
    try database.migrate([first], applicationID: 77)
    try database.migrate([first, second], applicationID: 77)
    #expect(try database.integer("SELECT count(*) FROM b") == 0)
  }

  @Test func `a migration that fails leaves the version before it`() throws {
    let database = try Database(path: folder.file("a.db"))
    #expect(throws: SQLiteError.self) {
      try database.migrate([first, second + "; SELECT nonsense"], applicationID: 77)
    }
    #expect(try database.integer("PRAGMA user_version") == 1)
    #expect(try database.integer("SELECT count(*) FROM a") == 0)
    #expect(!database.isInTransaction)
  }

  @Test func `a newer file is refused and not touched`() throws {
    let path = folder.file("a.db")
    do { try Database(path: path).migrate([first, second], applicationID: 77) }
    let before = try #require(content(path))
    let error = try #require(throws: SQLiteError.self) {
      try Database(path: path).migrate([first], applicationID: 77)
    }
    #expect(
      error.description == """
        migrate \(path): the file has schema version 2, this program knows 0…1 (SQLite code 20); \
        install the newer program that wrote it, or choose another file
        """)
    #expect(content(path) == before)
  }

  @Test func `another program's file is refused and not touched`() throws {
    let path = folder.file("a.db")
    do { try Database(path: path).execute("CREATE TABLE theirs (x)") }
    let before = try #require(content(path))
    let error = try #require(throws: SQLiteError.self) {
      try Database(path: path).migrate([first], applicationID: 77)
    }
    #expect(
      error.description == """
        migrate \(path): application id is 0, expected 77 (SQLite code 26); the file belongs to \
        another program: check the path
        """)
    #expect(content(path) == before)
  }

  @Test(arguments: [
    ("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END", "trigger t"),
    ("CREATE VIEW v AS SELECT 1", "view v"),
    ("CREATE VIRTUAL TABLE w USING fts5(x)", "table w"),
  ])
  func `a file with what runs by itself is refused and not touched`(
    sql: String, what: String
  ) throws {
    let path = folder.file("a.db")
    do {
      let database = try Database(path: path)
      try database.migrate([first], applicationID: 77)
      try database.execute("CREATE TABLE b (y); \(sql)")
    }
    let before = try #require(content(path))
    let error = try #require(throws: SQLiteError.self) {
      try Database(path: path).migrate([first, second], applicationID: 77)
    }
    #expect(
      error.description == """
        open \(path): holds the \(what), which this program never makes (SQLite code 26); \
        somebody changed the file: restore a copy that you trust
        """)
    #expect(content(path) == before)
  }

  private func content(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes
  }
}
