import Glibc
import SQLite
import TestSupport
import Testing

@Suite struct DatabaseTests {
  let folder = TemporaryFolder()

  @Test func `every kind of value comes back as it was bound`() throws {
    let database = try Database(path: folder.file("a.db"))
    try database.execute("CREATE TABLE t (a, b, c, d, e, f, g)")
    let insert = try database.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)")
    try insert.bind(1, Int64.min)
    try insert.bind(2, -0.25)
    try insert.bind(3, "Phủ Lý\0 end")
    try insert.bind(4, [0, 255, 7] as [UInt8])
    try insert.bind(5, nil as Int64?)
    try insert.bind(6, "")
    try insert.bind(7, [] as [UInt8])
    try insert.run()
    #expect(database.changes == 1)
    #expect(database.lastInsertRowID == 1)
    let select = try database.prepare("SELECT a, b, c, d, e, f, g, typeof(f), typeof(g) FROM t")
    // A statement cannot be copied, and the macro would.
    let hasRow = try select.step()
    try #require(hasRow)
    let numbers = (select.integer(0), select.double(1))
    #expect(numbers == (.min, -0.25))
    let texts = [select.text(2), select.text(7), select.text(8)]
    #expect(texts == ["Phủ Lý\0 end", "text", "blob"])
    let blobs = [select.blob(3), select.blob(6)]
    #expect(blobs == [[0, 255, 7], []])
    let absent = (select.isNull(4), select.optionalInteger(4) == nil, select.isNull(5))
    #expect(absent == (true, true, false))
    let hasMore = try select.step()
    #expect(!hasMore)
  }

  @Test func `a statement runs again after its end and after an error`() throws {
    let database = try Database(path: folder.file("a.db"))
    try database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
    let insert = try database.prepare("INSERT INTO t VALUES (?)")
    try insert.bind(1, 1)
    try insert.run()
    do {
      try insert.run()
      Issue.record("a second row with the same key")
    } catch { #expect(error.message == "UNIQUE constraint failed: t.a") }
    try insert.bind(1, 2)
    try insert.run()
    #expect(try database.integer("SELECT count(*) FROM t") == 2)
  }

  @Test func `a transaction whose body fails leaves nothing`() throws {
    struct Stop: Error {}
    let database = try Database(path: folder.file("a.db"))
    try database.execute("CREATE TABLE t (a)")
    #expect(throws: Stop.self) {
      try database.transaction {
        try database.execute("INSERT INTO t VALUES (1)")
        throw Stop()
      }
    }
    #expect(!database.isInTransaction)
    let kept = try database.transaction {
      try database.execute("INSERT INTO t VALUES (2)")
      return 7
    }
    #expect(kept == 7)
    #expect(try database.integer("SELECT sum(a) FROM t") == 2)
  }

  @Test func `a database that has grown to its bound says so, and goes on when it may grow`() throws
  {
    let database = try Database(path: folder.file("a.db"))
    try database.execute("CREATE TABLE t (a); PRAGMA max_page_count = 4")
    let error = try #require(throws: SQLiteError.self) {
      try database.transaction {
        try database.execute("INSERT INTO t VALUES (zeroblob(100000))")
      }
    }
    #expect(error.isFull)
    #expect(
      error.description == """
        execute \(folder.path)/a.db: INSERT INTO t VALUES (zeroblob(100000)): database or disk is \
        full (SQLite code 13); free space on the disk
        """)
    #expect(!database.isInTransaction)
    try database.execute("PRAGMA max_page_count = 4000; INSERT INTO t VALUES (zeroblob(100000))")
  }

  @Test func `a second writer waits, then gives up with a clear text`() throws {
    let path = folder.file("a.db")
    let first = try Database(path: path)
    try first.execute("CREATE TABLE t (a); BEGIN IMMEDIATE")
    let second = try Database(path: path, busyTimeoutMs: 20)
    let error = try #require(throws: SQLiteError.self) { try second.execute("BEGIN IMMEDIATE") }
    #expect(error.isBusy)
    #expect(
      error.description == """
        execute \(path): BEGIN IMMEDIATE: database is locked (SQLite code 5); another program uses \
        the file: end it
        """)
  }

  @Test func `a file that is no database is told apart`() throws {
    folder.write(String(repeating: "rubbish ", count: 1_000), to: "a.db")
    let database = try Database(path: folder.file("a.db"))
    let error = try #require(throws: SQLiteError.self) {
      try database.integer("SELECT count(*) FROM sqlite_schema")
    }
    #expect(error.isCorrupt)
  }

  @Test func `a file in a folder that does not exist`() throws {
    let path = folder.file("no/a.db")
    let error = try #require(throws: SQLiteError.self) { try Database(path: path) }
    #expect(
      error.description == """
        open \(path): unable to open database file (SQLite code 14); check that the folder exists \
        and may be written
        """)
    #expect(throws: SQLiteError.self) { try Database(path: folder.file("b.db"), mode: .readWrite) }
  }

  @Test func `a wrong statement is named`() throws {
    let database = try Database(path: folder.file("a.db"))
    let error = try #require(throws: SQLiteError.self) { _ = try database.prepare("SELECT x") }
    #expect(
      error.description
        == "prepare \(folder.path)/a.db: SELECT x: no such column: x (SQLite code 1)")
  }

  @Test func `a copy holds what was committed`() throws {
    let database = try Database(path: folder.file("a.db"))
    try database.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (5)")
    try database.backup(to: folder.file("b.db"))
    let copy = try Database(path: folder.file("b.db"), mode: .readOnly)
    #expect(try copy.integer("SELECT a FROM t") == 5)
  }

  @Test func `a statement that outlives its database does no harm`() throws {
    var database: Database? = try Database(path: folder.file("a.db"))
    let statement = try #require(database).prepare("SELECT 3")
    database = nil
    let hasRow = try statement.step()
    let value = statement.integer(0)
    #expect(hasRow && value == 3)
  }
}
