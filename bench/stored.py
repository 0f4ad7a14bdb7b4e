#!/usr/bin/env python3
"""`make bench-stored`: an aggregator with 100 million samples: how large they lie, how long it takes
to start and to compute, and what retention and a backup cost ingest.

The samples come as a backlog of played agents through a real broker. STORED_SAMPLES makes it
smaller; two thirds of that many again are sent while it is measured. With --write the rows go into
docs/benchmarks.md.
"""

import http.client
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import time

from bench import machine, row, write
from fleet import Fleet
from parts import BIN, wait_for
from rig import segment_times

AGENTS = 2_000
SAMPLES = int(os.environ.get("STORED_SAMPLES", "100000000"))
MS_PER_DAY = 86_400_000


class Store(Fleet):
    """A province whose aggregator is stopped, started and moved."""

    loads = 0

    def start_aggregator(self):
        self.aggregator = self.start(
            "aggregator", BIN / "hatang-aggregator", "run", "--config",
            self.folder / "aggregator.json5")

    def start_timed(self):
        """Seconds until the aggregator says that it is ready."""
        began = time.monotonic()
        self.start_aggregator()
        wait_for("the aggregator is ready", self.is_ready, 120)
        return time.monotonic() - began

    def is_ready(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=30)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def play_agents(self, seconds, *options):
        # Each load has streams of its own.
        self.loads += 1
        return self.simulate_agents(AGENTS, seconds, "--seed", self.loads, *options)

    def execute(self, sql, *values):
        connection = sqlite3.connect(self.folder / "hatang.db")
        with connection:
            connection.execute(sql, values)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def set_retention(self, days):
        path = self.folder / "aggregator.json5"
        settings = json.loads(path.read_text())
        settings["store"]["keep_raw_days"] = days
        path.write_text(json.dumps(settings))


def fill(province):
    began = time.monotonic()
    load = province.play_agents(3_600, "--rate", 0, "--backlog", SAMPLES // AGENTS)
    if load.child.wait() != 0:
        raise SystemExit(f"the simulator ended with {load.child.returncode}")
    report = province.report()
    received, lost = province.accounted()
    row(f"{received:,} samples of {AGENTS:,} agents, in segments of 100, one agent in 20 in a car",
        f"{time.monotonic() - began:.0f} s", "nothing missing",
        received == report["made"] and lost == 0)
    province.aggregator.stop()
    found = province.store_bytes() / received
    row("  bytes of store for a sample", f"{found:.1f}", "≤ 20", found <= 20)
    rows, = province.query("SELECT count(*) FROM coverage_days")
    row("  bins by day of the state; size of the store",
        f"{rows:,}; {province.store_bytes() / 1e9:.2f} GB")


def start(province):
    times = []
    for _ in range(3):
        times.append(province.start_timed())
        time.sleep(3)
        count = province.metric("hatang_recompute_seconds_count")
        spent = province.metric("hatang_recompute_seconds_sum")
        province.aggregator.stop()
    row("  from its start until it is ready, median of 3", f"{statistics.median(times):.2f} s",
        "≤ 2 s", statistics.median(times) <= 2)
    if count == 0:
        raise SystemExit("nothing was computed")
    row("  all indicators from the state by day", f"{spent / count:.2f} s", "≤ 1 s",
        spent / count <= 1)


def retention(province):
    """A minute of live data, without and with a half of the samples to be deleted."""
    delays = {}
    for name in ("nothing", "half"):
        if name == "half":
            last, = province.query("SELECT max(id) FROM segments")
            province.execute(
                "UPDATE segments SET arrived_ms = arrived_ms - ?, digest = NULL WHERE id <= ?",
                30 * MS_PER_DAY, last // 2)
            province.set_retention(20)
        before, = province.query("SELECT count(*) FROM segments")
        province.start_timed()
        load = province.play_agents(60, "--rate", 1)
        load.child.wait()
        delays[name] = province.report()
        if name == "half":
            # Not gone at once: by the time that the load is over it may still be at it.
            wait_for("the old segments are deleted", lambda: province.query(
                f"SELECT count(*) = 0 FROM segments WHERE id <= {last // 2}") == (1,), 600)
            text = province.metrics()
            steps, within, total = (
                float(re.search(rf"^hatang_retention_step_seconds_{end} ([\d.e+-]+)$", text,
                                re.MULTILINE)[1])
                for end in ("count", r'bucket\{le="0.1"\}', "sum"))
        province.aggregator.stop()
    row(f"retention deletes {last // 2:,} of {before:,} segments while {AGENTS:,} agents report: steps",
        f"{steps:,.0f}")
    row("  of these, longer than 100 ms: so long ingest waits", f"{steps - within:.0f}", "0",
        steps == within)
    row("  a step, mean", f"{total / steps * 1000:.1f} ms")
    row("  receipt of live data, 99th percentile: without; with",
        "; ".join(f"{delays[name]['delay_p99_seconds'] * 1e3:.0f} ms" for name in delays))
    row("  receipt of live data, most: without; with",
        "; ".join(f"{delays[name]['delay_max_seconds'] * 1e3:.0f} ms" for name in delays))


def after(seconds):
    """A condition that holds so long from now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def rates(province, until):
    """Samples a second of each half second until the condition holds."""
    found, last = [], (time.monotonic(), province.metric("hatang_measurements_received_total"))
    while not until():
        time.sleep(0.5)
        now = (time.monotonic(), province.metric("hatang_measurements_received_total"))
        found.append((now[1] - last[1]) / (now[0] - last[0]))
        last = now
    return found


def backup(province):
    """A backup in the middle of a backlog, and its restoration in another folder."""
    province.start_timed()
    province.start_agent()
    live = province.simulate("--flood", 1_000_000_000, "--rate", 500, "--duration", 3_600,
                             "--first-time", 1_700_000_000_000)
    load = province.play_agents(3_600, "--rate", 0, "--backlog", SAMPLES // AGENTS * 2 // 3)
    before = province.metric("hatang_measurements_received_total")
    wait_for("the backlog comes", lambda: province.metric(
        "hatang_measurements_received_total") > before + 1_000_000, 600)
    alone = rates(province, after(15))
    target = province.folder / "backup.db"
    began = time.monotonic()
    copying = subprocess.Popen(
        [BIN / "hatang-aggregator", "backup", target, "--config",
         province.folder / "aggregator.json5"], stdout=subprocess.PIPE)
    meanwhile = rates(province, lambda: copying.poll() is not None)
    seconds = time.monotonic() - began
    afterwards = rates(province, after(15))
    if load.child.poll() is not None:
        raise SystemExit("the backlog was over before the measurement; raise STORED_SAMPLES")
    if copying.returncode != 0:
        raise SystemExit(f"backup ended with {copying.returncode}")
    usual = statistics.mean(alone + afterwards)
    share = statistics.mean(meanwhile) / usual
    row(f"backup of {target.stat().st_size / 1e9:.2f} GB during full ingest", f"{seconds:.1f} s")
    row("  ingest before and after; meanwhile",
        f"{usual:,.0f}/s; {statistics.mean(meanwhile):,.0f}/s")
    row("  slowed by", f"{(1 - share) * 100:.0f} %", "≤ 20 %", share >= 0.8)
    load.stop()
    restore(province, target, live)


def restore(province, target, live):
    """The province goes on from the backup; the real agent sends again what came after it."""
    accepted = province.accepted()
    wait_for("more than the backup has", lambda: province.accepted() > accepted + 2_000)
    province.aggregator.kill()
    for path in province.folder.glob("hatang.db*"):
        if path.is_file():
            path.unlink()
    target.rename(province.folder / "hatang.db")
    mine = ("FROM streams JOIN agents ON agents.id = streams.agent "
            f"WHERE agents.name = '{province.agent_name}'")
    kept, = province.query(f"SELECT sum(received) {mine}")
    province.start_timed()
    live.stop()
    # Until all that the broker has acknowledged is in the agent.
    made = -1
    while made != province.accepted():
        made = province.accepted()
        time.sleep(2)
    wait_for("the agent has sent it again", lambda: province.query(
        f"SELECT sum(received) >= {made} {mine}") == (1,), 120)
    received, lost = province.query(f"SELECT sum(received), sum(lost) {mine}")
    times = []
    connection = sqlite3.connect(f"file:{province.folder / 'hatang.db'}?mode=ro", uri=True)
    for data, in connection.execute(
            f"SELECT bytes FROM segments WHERE stream IN (SELECT streams.id {mine})"):
        times += segment_times(data)
    connection.close()
    row(f"  restored with {kept:,} samples of a real agent, which had {made:,}: it has now",
        f"{received:,}", "nothing missing",
        received == made and lost == 0 and len(set(times)) == made)


def main():
    facts = machine()
    with Store() as province:
        fill(province)
        start(province)
        retention(province)
        backup(province)
    if "--write" in sys.argv:
        write("stored", f"STORED_SAMPLES={SAMPLES} make bench-stored", facts)


if __name__ == "__main__":
    main()
