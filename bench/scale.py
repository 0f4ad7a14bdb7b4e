#!/usr/bin/env python3
"""`make bench-scale`: the model of docs/scale.md, fitted to some measured loads and held against
others that it has not seen.

Cores of the aggregator:   idle + commit cost × commits/s + batch cost × batches/s
                                + sample cost × samples/s
of the province's broker:  idle + batch cost × batches/s

Idle is measured without agents, the sample's cost from a backlog in segments of 100, the other two
from two loads with one sample in a batch. How many batches share a commit is measured; the busier
the machine, the more. With --write the figures go into docs/scale.md. SCALE_SECONDS (15) is the
length of each load.
"""

import json
import os
import re
import resource
import sys
import time
import urllib.request

from bench import machine
from parts import BIN, Site, wait_for
from report import write_section

SECONDS = int(os.environ.get("SCALE_SECONDS", "15"))
# (agents, samples a second of each) of the loads, each sample a batch of its own.
FIT = ((200, 1), (1_000, 2))
CHECKS = ((1_000, 1), (2_000, 1), (500, 4), (50, 20))
# Agents and samples of a backlog of batches of many segments of 100 samples.
DRAIN = (50, 20_000)


class Province(Site):
    """A province, and what its programs take while agents are played to it."""

    def __enter__(self):
        self.start_province()
        wait_for("the aggregator answers", lambda: self.listens(self.http_port))
        return self

    def store_bytes(self):
        return sum(path.stat().st_size for path in self.folder.glob("hatang.db*"))

    def counters(self):
        samples, = self.query("SELECT sum(received) FROM streams") or (0,)
        segments, = self.query("SELECT count(*) FROM segments") or (0,)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics") as answer:
            commits = re.search(
                r"^hatang_ingest_commit_seconds_count (\d+)", answer.read().decode(), re.MULTILINE)
        return {"samples": samples or 0, "segments": segments, "commits": int(commits[1]),
                "aggregator": self.aggregator.cpu_seconds(), "broker": self.central.cpu_seconds(),
                "at": time.monotonic()}

    def between(self, before):
        after = self.counters()
        seconds = after["at"] - before["at"]
        return {key: (after[key] - before[key]) / seconds for key in before if key != "at"}

    def idle(self):
        time.sleep(3)
        before = self.counters()
        time.sleep(SECONDS)
        return self.between(before)

    def play(self, agents, rate):
        """A steady middle of the load: what a second takes."""
        rise = agents / 200 + 2
        simulator = self.simulate_agents(agents, int(rise + SECONDS + 2), "--rate", rate)
        time.sleep(rise)
        before = self.counters()
        time.sleep(SECONDS)
        found = self.between(before)
        simulator.child.wait()
        found["delay"] = self.report()["delay_p99_seconds"]
        return found

    def drain(self, agents, backlog):
        """The whole of a backlog."""
        before = self.counters()
        self.simulate_agents(agents, 1, "--rate", 0, "--backlog", backlog).child.wait()
        found = self.between(before)
        size, samples = self.store_bytes(), self.counters()["samples"]
        found["bytes"] = size / samples
        return found

    def simulate_agents(self, agents, seconds, *options):
        return self.start(
            "simulator", BIN / "hatang-simulator", "--broker", f"127.0.0.1:{self.central_port}",
            "--agents", agents, "--duration", seconds, *options)

    def report(self):
        lines = (self.folder / "simulator.log").read_text().splitlines()
        return json.loads([line for line in lines if line.startswith("{")][-1])


def fitted(idle, first, second, backlog):
    """For each program CPU seconds: (idle, of a commit, of a batch, of a sample)."""
    base = idle["aggregator"]
    # A backlog's batches hold thousands of samples, so that all of it is the samples' cost.
    sample = (backlog["aggregator"] - base) / backlog["samples"]
    rests = [each["aggregator"] - base - sample * each["samples"] for each in (first, second)]
    determinant = first["commits"] * second["samples"] - second["commits"] * first["samples"]
    commit = (rests[0] * second["samples"] - rests[1] * first["samples"]) / determinant
    batch = (first["commits"] * rests[1] - second["commits"] * rests[0]) / determinant
    if commit < 0 or batch < 0:
        raise SystemExit(
            f"the loads do not tell a commit ({commit:.2e} s) from a batch ({batch:.2e} s): "
            "run it on a quieter machine, or longer (SCALE_SECONDS)")
    broker = idle["broker"]
    packets = (first["broker"] + second["broker"] - 2 * broker) / (
        first["samples"] + second["samples"])
    return {"aggregator": (base, commit, batch, sample), "broker": (broker, 0.0, packets, 0.0)}


def predicted(model, commits, batches, samples):
    base, commit, batch, sample = model
    return base + commit * commits + batch * batches + sample * samples


def lines_of_checks(models, points):
    yield "| load | commits/s | program | cores, model | cores, measured | model / measured |"
    yield "|---|---|---|---|---|---|"
    for (agents, rate), found in points:
        for key, model in models.items():
            guess = predicted(model, found["commits"], found["samples"], found["samples"])
            yield (f"| {agents:,} agents × {rate}/s | {found['commits']:.0f} | {key} | "
                   f"{guess:.3f} | {found[key]:.3f} | {guess / found[key]:.2f} |")


def lines_of_capacity(models, commits, store_bytes):
    """What each program carries at three quarters of one core, with so many commits a second."""
    yield ("| agents report | samples in a batch | agents that one aggregator carries | samples/s | "
           "first at its bound |")
    yield "|---|---|---|---|---|"
    for title, batches, samples in (
            ("1 sample/s, at once", 1.0, 1.0), ("1 sample/s, every 10 s", 0.1, 1.0),
            ("10 samples/s, linger 5 s", 0.2, 10.0), ("1 sample a minute", 1 / 60, 1 / 60)):
        limits = {}
        for key, model in models.items():
            each = predicted((0, *model[1:]), 0, batches, samples)
            limits[key] = (0.75 - model[0] - model[1] * commits) / each
        first = min(limits, key=limits.get)
        yield (f"| {title} | {samples / batches:g} | {limits[first]:,.0f} | "
               f"{limits[first] * samples:,.0f} | {first}'s one thread at 75 % |")
    yield ""
    yield ("| samples/s, all year | GB a year in the store | 400 days on a 1 TB disk |")
    yield "|---|---|---|"
    for rate in (100, 1_000, 2_000, 10_000):
        year = rate * 86_400 * 365 * store_bytes / 1e9
        fits = "fits" if year * 400 / 365 < 1_000 else "does not fit"
        yield f"| {rate:,} | {year:,.0f} | {fits} |"


def measure():
    def play(agents, rate):
        with Province() as province:
            found = province.play(agents, rate)
        print(f"{agents} × {rate}/s: {found}", flush=True)
        return found

    with Province() as province:
        idle = province.idle()
    first, second = (play(*each) for each in FIT)
    points = [(each, play(*each)) for each in CHECKS]
    with Province() as province:
        backlog = province.drain(*DRAIN)
    print(f"drain: {backlog}", flush=True)
    return idle, first, second, backlog, points


def report(idle, first, second, backlog, points):
    models = fitted(idle, first, second, backlog)
    lines = ["| program | idle, cores | CPU µs a commit | a batch | a sample |",
             "|---|---|---|---|---|"]
    lines += [f"| {key} | {base:.3f} | {commit * 1e6:.0f} | {batch * 1e6:.0f} | {sample * 1e6:.2f} |"
              for key, (base, commit, batch, sample) in models.items()]
    loads = " and ".join(f"{agents:,} agents × {rate}/s" for agents, rate in FIT)
    lines += ["", f"From {loads}, one sample in a batch, and a backlog of {DRAIN[0] * DRAIN[1]:,} "
              f"samples in segments of 100, which arrived with {backlog['samples']:,.0f}/s and took "
              f"{backlog['bytes']:.1f} bytes of store a sample. Against loads that it was not made "
              "from:", ""]
    lines += lines_of_checks(models, points)
    slowest = max(points, key=lambda point: point[1]["delay"])
    commits = max(found["commits"] for _, found in points)
    lines += ["", f"Receipt in these loads, 99th percentile, at worst {slowest[1]['delay']:.2f} s "
              f"({slowest[0][0]:,} agents × {slowest[0][1]}/s). So, by the model, with "
              f"{commits:.0f} commits/s, the most of the above:", ""]
    lines += lines_of_capacity(models, commits, backlog["bytes"])
    return "\n".join(lines)


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    facts = machine()
    text = report(*measure())
    print("\n" + text)
    if "--write" in sys.argv:
        write_section(
            "scale", f"SCALE_SECONDS={SECONDS} make bench-scale", facts, text, page="scale.md")


if __name__ == "__main__":
    main()
