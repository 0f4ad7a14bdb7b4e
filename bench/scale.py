#!/usr/bin/env python3
"""`make bench-scale`: the model of docs/scale.md, fitted to some measured loads and held against
others that it has not seen.

Cores of the aggregator, and of the province's broker:

    base + batch cost × batches/s + sample cost × samples/s

The base is what a few agents cost, for without news nothing is computed; the sample's cost comes
from a backlog in segments of 100, the batch's from two loads with one sample in a batch. With
--write the figures go into docs/scale.md. SCALE_SECONDS (15) is the length of each load.
"""

import os
import resource
import sys
import time

from bench import machine
from parts import Province
from report import write_section

SECONDS = int(os.environ.get("SCALE_SECONDS", "15"))
# Of the store, for a real sample.
RECKONED_BYTES = 20
# (agents, samples a second of each) of the loads, each sample a batch of its own.
BASE = (10, 1)
FIT = ((200, 1), (1_000, 2))
CHECKS = ((1_000, 1), (2_000, 1), (500, 4), (50, 20))
# Agents and samples of a backlog of batches of many segments of 100 samples.
DRAIN = (50, 20_000)


class Scale(Province):
    """A province, and what its programs take while agents are played to it."""

    def counters(self):
        samples, = self.query("SELECT sum(received) FROM streams") or (0,)
        segments, = self.query("SELECT count(*) FROM segments") or (0,)
        return {"samples": samples or 0, "segments": segments,
                "commits": self.metric("hatang_ingest_commit_seconds_count"),
                "aggregator": self.aggregator.cpu_seconds(), "broker": self.central.cpu_seconds(),
                "at": time.monotonic()}

    def between(self, before):
        after = self.counters()
        seconds = after["at"] - before["at"]
        return {key: (after[key] - before[key]) / seconds for key in before if key != "at"}

    def play(self, agents, rate):
        """A steady middle of the load: what a second takes."""
        # All connected, and the first computation of the indicators over.
        rise = agents / 200 + 6
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


def fitted(key, base, loads, backlog):
    """(base in cores, CPU seconds of a batch, of a sample) of one program."""
    # A backlog's batches hold thousands of samples, so that all of it is the samples' cost.
    sample = backlog[key] / backlog["samples"]
    batches = sum(each["samples"] - base["samples"] for each in loads)
    both = sum(each[key] - base[key] for each in loads) / batches
    return base[key], max(0.0, both - sample), sample


def predicted(model, batches, samples):
    base, batch, sample = model
    return base + batch * batches + sample * samples


def lines_of_checks(models, points):
    yield "| load | commits/s | program | cores, model | cores, measured | model / measured |"
    yield "|---|---|---|---|---|---|"
    for (agents, rate), found in points:
        for key, model in models.items():
            guess = predicted(model, found["samples"], found["samples"])
            yield (f"| {agents:,} agents × {rate}/s | {found['commits']:.0f} | {key} | "
                   f"{guess:.3f} | {found[key]:.3f} | {guess / found[key]:.2f} |")


def dearest(key, model, points):
    """The model with the dearest batch of all loads: where it misses, the safe side."""
    base, batch, sample = model
    seen = [(found[key] - base) / found["samples"] - sample for _, found in points]
    return base, max(batch, *seen), sample


def lines_of_capacity(models, points, store_bytes):
    """What each program carries at three quarters of one core."""
    yield ("| agents report | samples in a batch | agents, by the dearest load seen | by the model | "
           "samples/s, by the dearest | first at its bound |")
    yield "|---|---|---|---|---|---|"
    for title, batches, samples in (
            ("1 sample/s, at once", 1.0, 1.0), ("1 sample/s, every 10 s", 0.1, 1.0),
            ("10 samples/s, linger 5 s", 0.2, 10.0), ("1 sample a minute", 1 / 60, 1 / 60)):
        def limit(key, model):
            return (0.75 - model[0]) / predicted((0, *model[1:]), batches, samples)
        safe = {key: limit(key, dearest(key, model, points)) for key, model in models.items()}
        plain = min(limit(key, model) for key, model in models.items())
        first = min(safe, key=safe.get)
        yield (f"| {title} | {samples / batches:g} | {safe[first]:,.0f} | {plain:,.0f} | "
               f"{safe[first] * samples:,.0f} | {first}'s one thread at 75 % |")
    yield ""
    yield ("| samples/s, all year | GB a year in the store | 400 days on a 1 TB disk |")
    yield "|---|---|---|"
    for rate in (100, 1_000, 2_000, 10_000):
        # Real samples differ more than played ones.
        year = rate * 86_400 * 365 * max(store_bytes, RECKONED_BYTES) / 1e9
        fits = "fits" if year * 400 / 365 < 1_000 else "does not fit"
        yield f"| {rate:,} | {year:,.0f} | {fits} |"


def measure():
    def play(agents, rate):
        with Scale() as province:
            found = province.play(agents, rate)
        print(f"{agents} × {rate}/s: {found}", flush=True)
        return found

    base = play(*BASE)
    loads = [play(*each) for each in FIT]
    points = [(each, play(*each)) for each in CHECKS]
    with Scale() as province:
        backlog = province.drain(*DRAIN)
    print(f"drain: {backlog}", flush=True)
    return base, loads, backlog, points


def report(base, loads, backlog, points):
    models = {key: fitted(key, base, loads, backlog) for key in ("aggregator", "broker")}
    lines = ["| program | base, cores | CPU µs a batch | CPU µs a sample |", "|---|---|---|---|"]
    lines += [f"| {key} | {base:.3f} | {batch * 1e6:.0f} | {sample * 1e6:.2f} |"
              for key, (base, batch, sample) in models.items()]
    named = " and ".join(f"{agents:,} agents × {rate}/s" for agents, rate in FIT)
    lines += ["", f"From {named}, one sample in a batch, and a backlog of {DRAIN[0] * DRAIN[1]:,} "
              f"samples in segments of 100, which arrived with {backlog['samples']:,.0f}/s and took "
              f"{backlog['bytes']:.1f} bytes of store a sample. Against loads that it was not made "
              "from:", ""]
    lines += lines_of_checks(models, points)
    slowest = max(points, key=lambda point: point[1]["delay"])
    lines += ["", f"Receipt in these loads, 99th percentile, at worst {slowest[1]['delay']:.2f} s "
              f"({slowest[0][0]:,} agents × {slowest[0][1]}/s). So, by the model:", ""]
    lines += lines_of_capacity(models, points, backlog["bytes"])
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
