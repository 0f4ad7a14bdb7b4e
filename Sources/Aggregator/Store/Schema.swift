/// The tables of the SQLite store, one migration a version (`PRAGMA user_version`).
///
/// All but `segments`, `streams`, `holes` and `reports` is *state*: it follows from the kept
/// segments and the parameters of the method, in whatever order the segments came. Times are ms
/// since 1970, days are local days (`utc_offset`) since 1970, signal levels are thresholds'
/// business and not kept.
enum Schema {
  /// "hata" as a big-endian number: `file` and SQLite itself can tell whose file this is.
  static let applicationID: Int64 = 0x6861_7461

  static let migrations = [
    delivery + coverage + broadband + services + evidence, reports, operations,
    clocks, digests,
  ]

  /// The ledger, and the segments as they came. One stream belongs to one agent for good, and
  /// `next = received + lost` holds for each.
  private static let delivery = """
    CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE agents(
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      online INTEGER NOT NULL DEFAULT 0,
      version TEXT NOT NULL DEFAULT '',
      last_seen_ms INTEGER,               -- NULL: never heard of, only named
      backlog INTEGER NOT NULL DEFAULT 0,
      oldest_unsent_seconds INTEGER NOT NULL DEFAULT 0,
      clock_offset_ms INTEGER,            -- agent's clock less ours; NULL: no batch yet
      accepted INTEGER NOT NULL DEFAULT 0,
      rejected INTEGER NOT NULL DEFAULT 0,
      buffer_bytes INTEGER NOT NULL DEFAULT 0,
      written_bytes INTEGER NOT NULL DEFAULT 0,
      simulated INTEGER NOT NULL DEFAULT 0 -- has sent simulated measurements
    ) STRICT;
    CREATE TABLE streams(
      id INTEGER PRIMARY KEY,
      agent INTEGER NOT NULL REFERENCES agents,
      stream BLOB NOT NULL UNIQUE,        -- 16 bytes
      next INTEGER NOT NULL,
      received INTEGER NOT NULL,
      duplicates INTEGER NOT NULL,
      lost INTEGER NOT NULL,
      first_received_ms INTEGER NOT NULL,
      last_received_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE holes(
      stream INTEGER NOT NULL REFERENCES streams,
      first INTEGER NOT NULL,
      last INTEGER NOT NULL,              -- inclusive
      reason TEXT NOT NULL,               -- LossReason.name
      PRIMARY KEY(stream, first)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE segments(
      id INTEGER PRIMARY KEY,             -- rises with arrival
      stream INTEGER NOT NULL REFERENCES streams,
      first INTEGER NOT NULL,
      count INTEGER NOT NULL,
      arrived_ms INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      fault TEXT,                         -- why it does not decode; NULL: it does
      UNIQUE(stream, first)
    ) STRICT;
    CREATE TABLE sources(
      id INTEGER PRIMARY KEY,
      agent INTEGER NOT NULL REFERENCES agents,
      name TEXT NOT NULL,
      simulated INTEGER NOT NULL,
      UNIQUE(agent, name, simulated)
    ) STRICT;
    CREATE TABLE received(
      agent INTEGER NOT NULL REFERENCES agents,
      kind TEXT NOT NULL,                 -- Kind.name
      count INTEGER NOT NULL,             -- measurements that decoded
      PRIMARY KEY(agent, kind)
    ) STRICT, WITHOUT ROWID;

    """

  /// 20.2, steps 1 and 2. samples = conclusive + inconclusive + inaccurate + roaming;
  /// strong ≤ covered ≤ conclusive. A bin (operator, cell, day) is the sum over its sources.
  private static let coverage = """
    CREATE TABLE operators(
      id INTEGER PRIMARY KEY,
      plmn TEXT NOT NULL UNIQUE           -- '': unknown, an operator of its own
    ) STRICT;
    CREATE TABLE coverage_days(
      operator INTEGER NOT NULL REFERENCES operators,
      cell INTEGER NOT NULL,              -- z19, interleaved quadkey; its z16 tile is cell >> 6
      day INTEGER NOT NULL,
      source INTEGER NOT NULL REFERENCES sources,
      conclusive INTEGER NOT NULL,
      covered INTEGER NOT NULL,           -- SS-RSRP >= covered_dbm
      strong INTEGER NOT NULL,            -- SS-RSRP >= strong_dbm
      inconclusive INTEGER NOT NULL,      -- no NR and not active, or NR without a level
      inaccurate INTEGER NOT NULL,        -- position worse than accuracy_m: left out
      roaming INTEGER NOT NULL,           -- operator not in home_plmns: left out
      samples INTEGER NOT NULL,
      oldest_ms INTEGER NOT NULL,         -- of all samples of the row
      newest_ms INTEGER NOT NULL,
      PRIMARY KEY(operator, cell, day, source)
    ) STRICT, WITHOUT ROWID;

    """

  /// 20.1. `area`, `provisioned_bps`, `offered_bps`: from the day's latest test that says so, with
  /// the time of that test beside it (equal times: the greater value).
  private static let broadband = """
    CREATE TABLE lines(
      id INTEGER PRIMARY KEY,
      line TEXT NOT NULL,
      simulated INTEGER NOT NULL,
      UNIQUE(line, simulated)
    ) STRICT;
    CREATE TABLE broadband_days(
      line INTEGER NOT NULL REFERENCES lines,
      day INTEGER NOT NULL,
      tests INTEGER NOT NULL,
      counted_tests INTEGER NOT NULL,     -- wired, enough streams, long enough
      best_down_bps INTEGER,              -- of the tests that count; NULL: none counts
      link_bps INTEGER,                   -- best link of a wired test; NULL: unknown
      wired INTEGER,                      -- 1: a test was wired; 0: only Wi-Fi; NULL: unknown
      area TEXT,
      area_ms INTEGER,
      provisioned_bps INTEGER,
      provisioned_ms INTEGER,
      offered_bps INTEGER,
      offered_ms INTEGER,
      oldest_ms INTEGER NOT NULL,
      newest_ms INTEGER NOT NULL,
      PRIMARY KEY(line, day)
    ) STRICT, WITHOUT ROWID;

    """

  /// 7.x. A day's figures are made from its points, again whenever a point comes late.
  private static let services = """
    CREATE TABLE service_series(
      id INTEGER PRIMARY KEY,
      source INTEGER NOT NULL REFERENCES sources,
      area TEXT NOT NULL,                 -- '': none given, the whole province
      counter TEXT NOT NULL,
      UNIQUE(source, area, counter)
    ) STRICT;
    CREATE TABLE service_points(
      series INTEGER NOT NULL REFERENCES service_series,
      time_ms INTEGER NOT NULL,
      value INTEGER NOT NULL,             -- two readings of one time: the greater
      PRIMARY KEY(series, time_ms)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE service_days(
      series INTEGER NOT NULL REFERENCES service_series,
      day INTEGER NOT NULL,
      first_ms INTEGER NOT NULL,
      first INTEGER NOT NULL,
      last_ms INTEGER NOT NULL,
      last INTEGER NOT NULL,
      increase INTEGER NOT NULL,          -- from first to last, within the day
      resets INTEGER NOT NULL,            -- falls within the day
      points INTEGER NOT NULL,
      PRIMARY KEY(series, day)
    ) STRICT, WITHOUT ROWID;

    """

  /// What was not used and why, what was refused and why, and every value that was ever shown.
  private static let evidence = """
    CREATE TABLE set_aside(
      agent INTEGER NOT NULL REFERENCES agents,
      kind TEXT NOT NULL,                 -- '': the segment does not decode
      reason TEXT NOT NULL,
      count INTEGER NOT NULL,
      last_ms INTEGER NOT NULL,           -- arrival of the last
      last TEXT NOT NULL,
      PRIMARY KEY(agent, kind, reason)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE refusals(
      agent TEXT NOT NULL,                -- a name that need not be in agents; '': no legal name
      reason TEXT NOT NULL,
      count INTEGER NOT NULL,
      last_ms INTEGER NOT NULL,
      last_text TEXT NOT NULL,
      PRIMARY KEY(agent, reason)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE revisions(
      code TEXT NOT NULL,
      revision INTEGER NOT NULL,
      computed_at_ms INTEGER NOT NULL,
      cause TEXT NOT NULL,
      json TEXT NOT NULL,
      PRIMARY KEY(code, revision)
    ) STRICT, WITHOUT ROWID;

    """

  /// Reports as they were signed; never changed, and their state is in no other table.
  private static let reports = """
    CREATE TABLE reports(
      period TEXT NOT NULL,               -- '2026-Q4', '2026-11' or '2026'
      number INTEGER NOT NULL,            -- 1, 2, …: a period may be reported again
      frozen_at_ms INTEGER NOT NULL,
      sha256 TEXT NOT NULL,               -- of content
      content TEXT NOT NULL,
      PRIMARY KEY(period, number)
    ) STRICT, WITHOUT ROWID;

    """

  /// What operators watch over time.
  private static let operations = """
    ALTER TABLE agents ADD COLUMN told_online INTEGER;     -- as the agent or its will said last
    ALTER TABLE agents ADD COLUMN state_since_ms INTEGER;  -- when that began
    ALTER TABLE agents ADD COLUMN wear_from_ms INTEGER;    -- first status of the agent's run
    ALTER TABLE agents ADD COLUMN wear_from_bytes INTEGER; -- written_bytes then
    ALTER TABLE agents ADD COLUMN certificate_ms INTEGER;  -- when it expires; NULL: not known
    ALTER TABLE received ADD COLUMN last_ms INTEGER;       -- arrival of the last
    ALTER TABLE holes ADD COLUMN declared_ms INTEGER;      -- NULL: before this was kept
    CREATE TABLE received_hours(
      hour INTEGER NOT NULL,              -- since 1970, of the arrival
      agent INTEGER NOT NULL,             -- 0: all of them
      count INTEGER NOT NULL,
      PRIMARY KEY(hour, agent)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE store_hours(
      hour INTEGER PRIMARY KEY,
      bytes INTEGER NOT NULL,             -- of the file
      free_bytes INTEGER NOT NULL         -- of its file system
    ) STRICT;
    CREATE TABLE rejects(
      agent INTEGER NOT NULL REFERENCES agents,
      kind TEXT NOT NULL,
      field TEXT NOT NULL,
      count INTEGER NOT NULL,             -- as the agent counts
      last_ms INTEGER NOT NULL,           -- by the agent's clock
      reason TEXT NOT NULL,
      sample TEXT NOT NULL,               -- the beginning of the last payload
      PRIMARY KEY(agent, kind, field)
    ) STRICT, WITHOUT ROWID;

    """

  /// SQLite's pages have no checksums: see StoreVerification.
  private static let digests = """
    ALTER TABLE segments ADD COLUMN digest INTEGER;  -- SegmentRecord.digest; NULL: before this

    """

  /// Measurements that an agent's clock stamped before it was right: see ClockCorrection.
  private static let clocks = """
    CREATE TABLE clock_corrections(
      agent INTEGER NOT NULL REFERENCES agents,
      evidence TEXT NOT NULL,
      count INTEGER NOT NULL,
      last_ms INTEGER NOT NULL,           -- arrival of the last
      last_by_ms INTEGER NOT NULL,        -- what was added to the last
      least_by_ms INTEGER NOT NULL,
      most_by_ms INTEGER NOT NULL,
      PRIMARY KEY(agent, evidence)
    ) STRICT, WITHOUT ROWID;

    """
}
