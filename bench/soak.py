#!/usr/bin/env python3
"""`make bench-soak`: whether agent and aggregator stay as they are: resident memory, descriptors and
the size of the write-ahead logs, over an hour at full load and over a day that is played in less.

Both run at once, each with brokers of its own. `load`: a real agent that takes SOAK_RATE (10,000)
samples a second, and 2,000 played agents with one each. `day`: a fleet of measuring devices, an
agent that forgets after two hours what has its receipt, and an aggregator, with clocks that go 24
times as fast.
SOAK_SECONDS (3600) makes both shorter. The first sixth is for filling caches; what is compared is
the second sixth with the last. With --write the rows go into docs/benchmarks.md.
"""

import os
import pathlib
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import time

from bench import machine, row, write
from parts import ROOT, Province

SECONDS = int(os.environ.get("SOAK_SECONDS", "3600"))
RATE = int(os.environ.get("SOAK_RATE", "10000"))
AGENTS = 2_000
PACE = 24
# Samples a played second that are asked for; what the played clock lets through is in the row.
DAY_RATE = 20
EVERY = 5
# Grows with the store until it is full: 64 MiB of what writes, 2 of each that reads.
RESIDENT, CACHE = "aggregator: resident, MB", "aggregator: of that SQLite's cache, MB"
CACHE_MAX = 75
# Of a mean; what an allocator and a page cache breathe.
GROWTH_MAX = 0.05


class Watched(Province):
    """A site and a province, and what is looked at again and again."""

    def __enter__(self):
        super().__enter__()
        self.start_agent()
        self.seen = []
        return self

    def look(self):
        found = {}
        for name, process, file in (("agent", self.agent, "buffer.db"),
                                    ("aggregator", self.aggregator, "hatang.db")):
            wal = self.folder / f"{file}-wal"
            found[f"{name}: resident, MB"] = process.resident_bytes() / 1e6
            found[f"{name}: descriptors"] = len(os.listdir(f"/proc/{process.pid}/fd"))
            found[f"{name}: write-ahead log, MB"] = wal.stat().st_size / 1e6 if wal.exists() else 0
        cached = self.metric("hatang_sqlite_memory_bytes") / 1e6
        found[CACHE] = cached
        found["aggregator: resident without it, MB"] = found[RESIDENT] - cached
        self.seen.append(found)

    def rows(self, title):
        sixth = len(self.seen) // 6
        received, lost = self.query("SELECT sum(received), sum(lost) FROM streams")
        row(f"{title}: samples; lost", f"{received:,}; {lost}", "0 lost", lost == 0)
        for what in self.seen[0]:
            values = [found[what] for found in self.seen]
            early, late = statistics.mean(values[sixth:2 * sixth]), statistics.mean(values[-sixth:])
            goal = {CACHE: (f"≤ {CACHE_MAX} MB", late <= CACHE_MAX), RESIDENT: ()}.get(
                what, ("flat", late <= early * (1 + GROWTH_MAX) + 0.1))
            row(f"  {what}: in the second sixth; in the last; most",
                f"{early:.1f}; {late:.1f}; {max(values):.1f}", *goal)


class Load(Watched):
    """An hour as large as the machine carries beside what makes the load."""

    def begin(self):
        return [
            self.simulate("--flood", 1_000_000_000, "--rate", RATE, "--duration", SECONDS + 600,
                          "--first-time", 1_700_000_000_000),
            self.simulate_agents(AGENTS, SECONDS + 600, "--rate", 1, name="agents")]

    def turn(self, passed):
        """Nothing: the load goes on by itself."""


class Day(Watched):
    """A day in less: tools/played-clock.c gives each program a time of day that runs ahead."""

    def __init__(self):
        super().__init__(keep_acknowledged_hours=2)
        self.clock = self.folder / "played-clock"
        library = self.folder / "played-clock.so"
        subprocess.run(
            [shutil.which("cc") or "clang", "-shared", "-fPIC", "-O1", "-o", library,
             ROOT / "tools/played-clock.c"], check=True)
        self.environment = {"LD_PRELOAD": str(library), "PLAYED_CLOCK": str(self.clock)}
        self.turn(0)

    def turn(self, passed):
        """The clock at its new place: what passed really is counted by every program itself."""
        ahead = int(passed * (PACE - 1) * 1000)
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_bytes()
        value = struct.pack("qqq40s", ahead, ahead, 1, boot)
        if not self.clock.exists():
            self.clock.write_bytes(value)
        # In place, for programs have the file mapped.
        with open(self.clock, "r+b") as file:
            file.write(value)

    def start(self, name, *command, output=None):
        if name in ("agent", "aggregator", "simulator"):
            words = [f"{key}={value}" for key, value in self.environment.items()]
            command = ("/usr/bin/env", *words, *command)
        return super().start(name, *command, output=output)

    def begin(self):
        # By its own clock, which is the played one.
        return [self.simulate("--no-past", "--devices", 150, "--rate", DAY_RATE, "--duration",
                              min(86_400, (SECONDS + 60) * PACE))]


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    facts = machine()
    with Load() as load, Day() as day:
        sites = (load, day)
        loads = [load for site in sites for load in site.begin()]
        began, due = time.monotonic(), 0
        while (passed := time.monotonic() - began) < SECONDS:
            day.turn(passed)
            if passed >= due:
                due += EVERY
                # Raises where one has ended.
                _ = [load.pid for load in loads]
                for site in sites:
                    site.look()
            time.sleep(0.25)
        load.rows(f"{SECONDS:,} s of {RATE:,} samples/s at an agent, {AGENTS:,} agents beside it")
        day.rows(f"{SECONDS * PACE / 3_600:.1f} hours played in {SECONDS:,} s")
    if "--write" in sys.argv:
        write("soak", f"SOAK_SECONDS={SECONDS} SOAK_RATE={RATE} make bench-soak", facts)


if __name__ == "__main__":
    main()
