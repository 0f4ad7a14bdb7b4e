import Daemon
import Indicators
import SQLite

/// What an indicator follows from, as it lies in the store: who measured what, when.
struct Evidence {
  let rows: Rows
  /// Local days of measurement that are looked at: the figure's window.
  let days: ClosedRange<Int>

  enum Rows {
    /// 20.2: a source's part of the state by day.
    case sources([Source])
    /// 20.1: lines with their state.
    case lines([Line])
    /// 7.x: the two counters of each source.
    case counters([Counter])
  }

  struct Source {
    let name: String
    let isSimulated: Bool
    let samples: Int64
    let conclusive: Int64
    let tiles: Int64
    let days: Int64
    let oldestMs: Int64
    let newestMs: Int64
  }

  struct Line {
    let name: String
    let area: LocalText?
    let state: Indicators.Line.State
    let provisionedBps: Int64?
    let offeredBps: Int64?
    let tests: Int64
    let newestMs: Int64?
  }

  struct Counter {
    let name: String
    let numerator: Int64?
    let denominator: Int64?
    let points: Int
    let resets: Int
    let newestMs: Int64?
  }
}

extension Evidence {
  /// - Parameters:
  ///   - isPast: what was measured after `today` is left out.
  ///   - windowDays: the widest window of the figure's tiles; `nil` or 0: no tile is measured, and
  ///     all that could count is looked at.
  static func coverage(
    _ store: StoreReader, method: Method, today: Int, isPast: Bool, windowDays: Int?
  ) throws -> Evidence {
    let widest = windowDays.flatMap { $0 > 0 ? $0 : nil }
    let first = today - (widest ?? method.freshDays.max() ?? 1) + 1
    let simulated = method.acceptSimulated ? 1 : 0
    return Evidence(
      rows: .sources(
        try store.rows(
          """
          SELECT a.name || '/' || s.name, s.simulated, sum(d.samples), sum(d.conclusive),
            count(DISTINCT d.cell >> 6), count(DISTINCT d.day), min(d.oldest_ms), max(d.newest_ms)
          FROM coverage_days d JOIN sources s ON s.id = d.source JOIN agents a ON a.id = s.agent
          WHERE d.day BETWEEN \(first) AND \(isPast ? Int64(today) : .max)
            AND s.simulated <= \(simulated)
          GROUP BY d.source ORDER BY 3 DESC
          """
        ) { row in
          Source(
            name: row.text(0), isSimulated: row.integer(1) != 0, samples: row.integer(2),
            conclusive: row.integer(3), tiles: row.integer(4), days: row.integer(5),
            oldestMs: row.integer(6), newestMs: row.integer(7))
        }), days: first...today)
  }

  static func broadband(
    _ reader: StateReader, _ tables: Tables, today: Int, isPast: Bool, windowDays: Int
  ) throws -> Evidence {
    let lines = try reader.broadband(today: today, isPast: isPast).state
    return Evidence(
      rows: .lines(
        lines.lines.indices.map { index in
          let line = lines.lines[index]
          return Line(
            name: lines.names[index], area: line.area.map { tables.areas.areas[$0].name },
            state: line.state, provisionedBps: line.provisionedBps,
            offeredBps: line.offeredBps, tests: lines.evidence[index].tests,
            newestMs: lines.evidence[index].newestMs)
        }), days: (today - windowDays + 1)...today)
  }

  static func services(
    _ reader: StateReader, numerator: String, denominator: String, today: Int, isPast: Bool
  ) throws -> Evidence {
    let units = try reader.services(
      numerator: numerator, denominator: denominator, today: today, isPast: isPast
    ).state
    let month = ServicePeriod.month(today).days
    return Evidence(
      rows: .counters(
        units.map { unit in
          let changes = [unit.numerator, unit.denominator].map { $0.change(over: month) }
          return Counter(
            name: unit.name, numerator: changes[0]?.increase, denominator: changes[1]?.increase,
            points: changes.reduce(0) { $0 + ($1?.points ?? 0) },
            resets: changes.reduce(0) { $0 + ($1?.resets ?? 0) },
            newestMs: changes.compactMap { $0?.newestMs }.max())
        }), days: month.lowerBound...max(month.lowerBound, today))
  }
}
