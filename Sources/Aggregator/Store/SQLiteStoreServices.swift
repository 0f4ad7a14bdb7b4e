import SQLite

/// Counters: their names, readings and days (methodology 7.x).
extension SQLiteStore {
  package func seriesID(
    source: Int64, area: String, counter: String
  ) throws(StoreError) -> Int64 {
    try attempt { () throws(SQLiteError) in
      defer { services.findSeries.reset() }
      try services.findSeries.bind(1, source)
      try services.findSeries.bind(2, area)
      try services.findSeries.bind(3, counter)
      if try services.findSeries.step() { return services.findSeries.integer(0) }
      try services.insertSeries.bind(1, source)
      try services.insertSeries.bind(2, area)
      try services.insertSeries.bind(3, counter)
      try services.insertSeries.run()
      return database.lastInsertRowID
    }
  }

  package func put(_ point: ServicePoint, series: Int64) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      try services.putPoint.bind(1, series)
      try services.putPoint.bind(2, point.timeMs)
      try services.putPoint.bind(3, point.value)
      try services.putPoint.run()
    }
  }

  package func neighbours(
    of timeMs: Int64, series: Int64, in times: Range<Int64>
  ) throws(StoreError) -> ServiceNeighbours {
    try attempt { () throws(SQLiteError) in
      defer { services.findPointsFrom.reset() }
      var near = ServiceNeighbours(before: try point(before: timeMs, series, times.lowerBound))
      try services.findPointsFrom.bind(1, series)
      try services.findPointsFrom.bind(2, timeMs)
      try services.findPointsFrom.bind(3, times.upperBound)
      while near.after == nil, try services.findPointsFrom.step() {
        let point = ServicePoint(
          timeMs: services.findPointsFrom.integer(0), value: services.findPointsFrom.integer(1))
        if point.timeMs == timeMs { near.same = point } else { near.after = point }
      }
      return near
    }
  }

  private func point(
    before timeMs: Int64, _ series: Int64, _ startMs: Int64
  ) throws(SQLiteError) -> ServicePoint? {
    defer { services.findPointBefore.reset() }
    try services.findPointBefore.bind(1, series)
    try services.findPointBefore.bind(2, startMs)
    try services.findPointBefore.bind(3, timeMs)
    guard try services.findPointBefore.step() else { return nil }
    return ServicePoint(
      timeMs: services.findPointBefore.integer(0), value: services.findPointBefore.integer(1))
  }

  package func serviceDay(series: Int64, day number: Int64) throws(StoreError) -> ServiceDay? {
    try attempt { () throws(SQLiteError) in
      let find = services
      defer { find.findServiceDay.reset() }
      try find.findServiceDay.bind(1, series)
      try find.findServiceDay.bind(2, number)
      guard try find.findServiceDay.step() else { return nil }
      func integer(_ column: Int32) -> Int64 { find.findServiceDay.integer(column) }
      return ServiceDay(
        first: ServicePoint(timeMs: integer(0), value: integer(1)),
        last: ServicePoint(timeMs: integer(2), value: integer(3)), increase: integer(4),
        resets: integer(5), points: integer(6))
    }
  }

  package func save(
    _ day: ServiceDay, series: Int64, day number: Int64
  ) throws(StoreError) {
    try attempt { () throws(SQLiteError) in
      let numbers = [
        series, number, day.first.timeMs, day.first.value, day.last.timeMs, day.last.value,
        day.increase, day.resets, day.points,
      ]
      for (index, value) in numbers.enumerated() {
        try services.saveServiceDay.bind(Int32(1 + index), value)
      }
      try services.saveServiceDay.run()
    }
  }

  package func seriesIDs() throws(StoreError) -> [Int64] {
    try attempt { () throws(SQLiteError) in
      defer { services.listSeries.reset() }
      var ids: [Int64] = []
      while try services.listSeries.step() { ids.append(services.listSeries.integer(0)) }
      return ids
    }
  }

  package func deleteServicePoints(
    series: Int64, before ms: Int64, limit: Int
  ) throws(StoreError) -> Int {
    try attempt { () throws(SQLiteError) in
      try services.deletePoints.bind(1, series)
      try services.deletePoints.bind(2, ms)
      try services.deletePoints.bind(3, Int64(limit))
      try services.deletePoints.run()
      return Int(database.changes)
    }
  }
}

/// Prepared once; each is reset after each use.
final class ServiceStatements {
  let findSeries: Statement
  let insertSeries: Statement
  let listSeries: Statement
  let putPoint: Statement
  let findPointBefore: Statement
  let findPointsFrom: Statement
  let findServiceDay: Statement
  let saveServiceDay: Statement
  let deletePoints: Statement

  init(_ database: Database) throws(SQLiteError) {
    findSeries = try database.prepare(
      "SELECT id FROM service_series WHERE source = ? AND area = ? AND counter = ?")
    insertSeries = try database.prepare(
      "INSERT INTO service_series(source, area, counter) VALUES(?, ?, ?)")
    listSeries = try database.prepare("SELECT id FROM service_series ORDER BY id")
    putPoint = try database.prepare(
      """
      INSERT INTO service_points VALUES(?, ?, ?)
      ON CONFLICT DO UPDATE SET value = max(value, excluded.value)
      """)
    findPointBefore = try database.prepare(
      """
      SELECT time_ms, value FROM service_points
      WHERE series = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms DESC LIMIT 1
      """)
    findPointsFrom = try database.prepare(
      """
      SELECT time_ms, value FROM service_points
      WHERE series = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms LIMIT 2
      """)
    findServiceDay = try database.prepare(
      """
      SELECT first_ms, first, last_ms, last, increase, resets, points FROM service_days
      WHERE series = ? AND day = ?
      """)
    saveServiceDay = try database.prepare(
      "REPLACE INTO service_days VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")
    deletePoints = try database.prepare(
      """
      DELETE FROM service_points WHERE series = ?1 AND time_ms < ?2 AND time_ms <= ifnull(
        (SELECT time_ms FROM service_points WHERE series = ?1 ORDER BY time_ms
          LIMIT 1 OFFSET ?3 - 1), ?2)
      """)
  }
}
