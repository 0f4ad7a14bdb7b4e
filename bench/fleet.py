#!/usr/bin/env python3
"""`make bench-fleet`: one aggregator under many agents, each with a connection of its own.

Everything is on loopback and bounded in time. FLEET_AGENTS (2000) and FLEET_SECONDS (900) make it
smaller; with arguments only the parts that are named (steady, storm, drain). The agents are played by
one process with the agent's own sender; it and the broker share the machine with the aggregator.
With --write the rows go into docs/benchmarks.md.
"""

import os
import resource
import sys
import time

from bench import machine, row, write
from parts import Province

AGENTS = int(os.environ.get("FLEET_AGENTS", "2000"))
SECONDS = int(os.environ.get("FLEET_SECONDS", "900"))
HOUR = 3_600


class Fleet(Province):
    """A province, and what its aggregator takes while agents are played to it."""

    def play(self, seconds, *options):
        """The played agents' own report, and CPU seconds and largest resident size meanwhile."""
        cpu, began, resident = self.aggregator.cpu_seconds(), time.monotonic(), 0
        played = self.simulate_agents(AGENTS, seconds, *options)
        while played.child.poll() is None:
            resident = max(resident, self.aggregator.resident_bytes())
            time.sleep(0.5)
        cores = (self.aggregator.cpu_seconds() - cpu) / (time.monotonic() - began)
        return self.report(), cores, resident

    def accounted(self):
        """Received and lost in the aggregator's ledger."""
        received, lost = self.query("SELECT sum(received), sum(lost) FROM streams")
        return received, lost


def loss(province, report):
    """A row that compares what was made with what the ledger holds."""
    received, lost = province.accounted()
    missing = report["made"] - received
    row("  made, received, declared lost", f"{report['made']:,}; {received:,}; {lost}",
        "nothing missing", missing == 0 and lost == 0)


def seconds_of(value):
    return "never" if value is None else f"{value:.2f} s"


def steady():
    with Fleet() as province:
        report, cores, resident = province.play(SECONDS)
        row(f"{AGENTS:,} agents, 1 sample a second each, {SECONDS} s: receipt, 99th percentile",
            seconds_of(report["delay_p99_seconds"]), "≤ 2 s", report["delay_p99_seconds"] <= 2)
        row("  median; most", f"{seconds_of(report['delay_median_seconds'])}; "
            f"{seconds_of(report['delay_max_seconds'])}")
        row("  aggregator: cores", f"{cores:.2f}", "≤ 1", cores <= 1)
        row("  aggregator: resident, most", f"{resident / 1e6:.0f} MB", "≤ 150 MB", resident <= 150e6)
        loss(province, report)


def storm():
    with Fleet() as province:
        report, _, _ = province.play(60, "--cut-after", 30)
        row(f"{AGENTS:,} connections cut at once: all are back after",
            seconds_of(report["reconnected_after_seconds"]))
        row("  receipt over the whole minute, 99th percentile; most",
            f"{seconds_of(report['delay_p99_seconds'])}; {seconds_of(report['delay_max_seconds'])}")
        row("  connections; refusals", f"{report['connections']:,}; {report['refusals']}",
            "no refusal", report["refusals"] == 0)
        loss(province, report)


def drain():
    with Fleet() as province:
        report, _, resident = province.play(120, "--backlog", HOUR)
        total = AGENTS * HOUR
        row(f"{total:,} samples, an hour of {AGENTS:,} agents, drained at once",
            seconds_of(report["drained_after_seconds"]))
        row("  live data meanwhile: receipt, median; 99th percentile",
            f"{seconds_of(report['delay_median_seconds'])}; "
            f"{seconds_of(report['delay_p99_seconds'])}")
        row("  aggregator: resident, most", f"{resident / 1e6:.0f} MB", "≤ 150 MB", resident <= 150e6)
        loss(province, report)


PARTS = {"steady": steady, "storm": storm, "drain": drain}


def main():
    names = [word for word in sys.argv[1:] if word != "--write"] or list(PARTS)
    for name in names:
        if name not in PARTS:
            raise SystemExit(f"no part {name}; there are {', '.join(PARTS)}")
    # Three descriptors a connection in the simulator, one in the broker.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    facts = machine()
    for name in names:
        PARTS[name]()
    if "--write" in sys.argv:
        write("fleet", f"FLEET_AGENTS={AGENTS} FLEET_SECONDS={SECONDS} make bench-fleet", facts)


if __name__ == "__main__":
    main()
