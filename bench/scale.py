#!/usr/bin/env python3
"""`make bench-scale`: the model of docs/scale.md, fitted to two measured points and held against
others that it has not seen.

CPU of the aggregator, and of the province's broker, in a second:

    idle + batch cost × batches + sample cost × samples

Idle is measured without agents, the two costs from two loads: many agents with one sample in a
batch, and batches of 100. The checks are other numbers of agents and other paces. With --write the
figures go into docs/scale.md. SCALE_SECONDS (15) is the length of each load.
"""

import json
import os
import resource
import sys
import time

from bench import machine
from parts import BIN, Site, wait_for
from report import write_section

SECONDS = int(os.environ.get("SCALE_SECONDS", "15"))
PROVINCES = 34
# (agents, samples a second of each) of the loads, each sample a batch of its own.
FIT = (1_000, 1)
CHECKS = ((200, 1), (2_000, 1), (500, 4), (50, 20))
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
        return {"samples": samples or 0, "segments": segments,
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


def fitted(key, idle, single, many):
    """(idle, CPU seconds of a batch, of a sample): `single` has a sample in a batch, `many` 100."""
    base = idle[key]
    both = (single[key] - base) / single["samples"]
    # Of `many`, a segment stands for 100 samples, and a batch for its segments: a batch's own cost
    # is spread over so many samples that what is left is the sample's.
    sample = max(0.0, (many[key] - base) / many["samples"])
    return base, both - sample, sample


def predicted(model, batches, samples):
    base, batch, sample = model
    return base + batch * batches + sample * samples


def lines_of_checks(models, points):
    yield "| load | program | cores, model | cores, measured | model / measured |"
    yield "|---|---|---|---|---|"
    for (agents, rate), found in points:
        for key, model in models.items():
            guess = predicted(model, found["samples"], found["samples"])
            yield (f"| {agents:,} agents × {rate}/s | {key} | {guess:.3f} | {found[key]:.3f} | "
                   f"{guess / found[key]:.2f} |")


def lines_of_capacity(models, store_bytes):
    """What two cores carry at three quarters, the aggregator's one writer being one of them."""
    yield "| agents report | samples in a batch | agents that one aggregator carries | samples/s | first at its bound |"
    yield "|---|---|---|---|---|"
    for title, batches, samples in (
            ("1 sample/s, at once", 1.0, 1.0), ("1 sample/s, every 10 s", 0.1, 1.0),
            ("10 samples/s, linger 5 s", 0.2, 10.0), ("1 sample a minute", 1 / 60, 1 / 60)):
        limits = {}
        for key, model in models.items():
            each = predicted((0, *model[1:]), batches, samples)
            limits[key] = (0.75 - model[0]) / each
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
    points = []
    with Province() as province:
        idle = province.idle()
        single = province.play(*FIT)
    for agents, rate in CHECKS:
        with Province() as province:
            points.append(((agents, rate), province.play(agents, rate)))
        print(f"{agents} × {rate}/s: {points[-1][1]}", flush=True)
    with Province() as province:
        many = province.drain(*DRAIN)
    print(f"drain: {many}", flush=True)
    return idle, single, many, points


def report(idle, single, many, points):
    models = {key: fitted(key, idle, single, many) for key in ("aggregator", "broker")}
    lines = ["| program | idle, cores | CPU µs a batch | CPU µs a sample |", "|---|---|---|---|"]
    lines += [f"| {key} | {base:.3f} | {batch * 1e6:.0f} | {sample * 1e6:.2f} |"
              for key, (base, batch, sample) in models.items()]
    lines += ["", f"From {FIT[0]:,} agents × {FIT[1]}/s, one sample in a batch, and a backlog of "
              f"{DRAIN[0] * DRAIN[1]:,} samples in segments of 100, which arrived with "
              f"{many['samples']:,.0f}/s and took {many['bytes']:.1f} bytes of store a sample. "
              "Against loads that it was not made from:", ""]
    lines += lines_of_checks(models, points)
    slowest = max(points, key=lambda point: point[1]["delay"])
    lines += ["", f"Receipt in these loads, 99th percentile, at worst {slowest[1]['delay']:.2f} s "
              f"({slowest[0][0]:,} agents × {slowest[0][1]}/s).", "", "So, by the model:", ""]
    lines += lines_of_capacity(models, many["bytes"])
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
