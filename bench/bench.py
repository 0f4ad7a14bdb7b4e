#!/usr/bin/env python3
"""`make bench`: the numbers that this project promises, with the machine that they were made on.

Every row is one line: what was measured, the value, what it should reach, and a mark. Nothing here
fails the build: a benchmark on a busy machine says so by its numbers. About ten minutes; with
arguments only the parts that are named (agent, slow, backlog, web, inside, size). With
--write the rows go into docs/benchmarks.md.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import web
from parts import BIN, ROOT, Meter, Site, wait_for
from report import write_section

LOAD_SECONDS = int(os.environ.get("LOAD_SECONDS", "60"))
# Above what is to be reached. Much more would only pile up in the broker, which then writes its
# queue again and again instead of handing it over.
LOAD_RATE = 40_000


LINES = []


def row(what, value, goal="", reached=None):
    mark = {None: " ", True: "✓", False: "✗"}[reached]
    LINES.append(f"{mark} {what:<66} {value:>22}  {goal}".rstrip())
    print(LINES[-1], flush=True)


def write(name, command, facts):
    """The rows so far, into docs/benchmarks.md."""
    write_section(name, command, facts, "```\n" + "\n".join(LINES) + "\n```")


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except OSError:
        return "not found"
    lines = done.stdout.decode().strip().splitlines()
    return lines[0] if lines else "says nothing"


def machine():
    model = next(
        (line.split(":", 1)[1].strip()
         for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")), "unknown")
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // 1024
    versions = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Version}; ", "mosquitto", "libmosquitto1",
         "libsqlite3-0", "libmicrohttpd12"], stdout=subprocess.PIPE, check=False).stdout.decode()
    facts = "\n".join((
        f"CPU      {model}, {os.cpu_count()} cores, {memory} MiB",
        f"Linux    {os.uname().release}, load {os.getloadavg()[0]:.2f} before the first row",
        f"Swift    {first_line('swift', '--version')}",
        f"Packages {versions.rstrip('; ')}"))
    print(facts + "\n", flush=True)
    return facts


def flood(site, seconds, rate):
    """So many samples a second, for so long; the simulator's process."""
    return site.simulate(
        "--flood", 1_000_000_000, "--duration", seconds, "--rate", rate,
        "--first-time", 1_700_000_000_000)


def under_load(site, seconds):
    """Meter's numbers over `seconds` of full load, and the largest resident size."""
    before = site.accepted()
    simulator = flood(site, seconds + 4, LOAD_RATE)
    wait_for("the load arrives", lambda: site.accepted() > before)
    time.sleep(2)
    meter = Meter(site.agent, site.accepted)
    resident = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(1)
        resident = max(resident, site.agent.resident_bytes())
    numbers = meter.read()
    simulator.stop()
    return numbers, resident


def agent():
    with Site() as site:
        site.start_agent()
        # Not an agent that has yet to do its work: one that has, and waits.
        warmed_up = site.simulate("--flood", 5_000)
        wait_for("the first samples", lambda: site.accepted() >= 5_000)
        warmed_up.stop()
        time.sleep(10)
        idle = site.agent.resident_bytes()
        (_, rate, cpu, written), busy = under_load(site, LOAD_SECONDS)
    row(f"agent, 200-byte samples, QoS 1, FULL, {LOAD_SECONDS} s", f"{rate:,.0f}/s",
        "≥ 30,000/s", rate >= 30_000)
    row("  CPU of the agent for 100,000", f"{cpu:.2f} s", "≤ 2.0 s", cpu <= 2.0)
    row("  bytes written to disk for a sample, under load", f"{written:,.1f}", "≤ 60",
        written <= 60)
    row("  resident, idle: 10 s after 5,000 samples", f"{idle / 1e6:.1f} MB", "≤ 12 MB", idle <= 12e6)
    row("  resident, under that load, most", f"{busy / 1e6:.1f} MB", "≤ 20 MB", busy <= 20e6)
    with Site(linger_ms=0, commit_messages=1) as site:
        site.start_agent()
        meter = Meter(site.agent, site.accepted)
        count = 20_000
        load = site.simulate("--flood", count)
        wait_for("one commit for each message", lambda: site.accepted() >= count, 120)
        _, single, single_cpu, single_written = meter.read()
        load.stop()
    row("  the same with a commit for each message", f"{single:,.0f}/s")
    row("    in groups it is so many times as fast", f"{rate / single:.1f}")
    row("    CPU for 100,000; bytes written for a sample",
        f"{single_cpu:.1f} s; {single_written:,.0f}")


def slow():
    for rate, linger, seconds in ((300, 200, 40), (10, 200, 30), (10, 5_000, 30)):
        with Site(linger_ms=linger) as site:
            site.start_agent()
            simulator = flood(site, seconds + 10, rate)
            wait_for("the samples arrive", lambda: site.accepted() > 0)
            time.sleep(2)
            meter = Meter(site.agent, site.accepted)
            time.sleep(seconds)
            _, _, cpu, written = meter.read()
            simulator.stop()
        name = f"agent at {rate} samples/s, linger_ms {linger}"
        if rate == 300:
            row(f"{name}: CPU for 100,000", f"{cpu:.2f} s", "≤ 8 s", cpu <= 8)
            row(f"{name}: bytes written a sample", f"{written:,.0f}", "≤ 300", written <= 300)
        else:
            row(f"{name}: bytes written a sample", f"{written:,.0f}")


def backlog(count=1_000_000):
    with Site() as site:
        site.start_agent()
        outage = time.monotonic()
        load = site.simulate("--flood", count, "--source", "backlog")
        wait_for("the backlog is in the agent", lambda: site.accepted() >= count, 180)
        load.stop()
        live = site.simulate("--no-past", "--kind", "coverage", "--devices", 3, "--rate", 20)
        # Live data gets a stream of its own where it would be more than a minute late.
        time.sleep(max(0, 65 - (time.monotonic() - outage)))
        away = time.monotonic()
        site.start_province()

        def received():
            found = site.query("SELECT sum(received) FROM streams")
            return found and found[0] or 0

        # The agent tries again within a minute or so; what is asked for comes after that.
        wait_for("the agent has found its broker", lambda: received() > 0, 150)
        began, live_began = time.monotonic(), time.time()
        delays = []

        def drained():
            newest = site.query(
                "SELECT max(newest_ms) FROM coverage_days JOIN sources ON source = sources.id "
                "WHERE sources.name LIKE 'sim-car%'")
            seen = newest[0] / 1000 if newest and newest[0] else 0
            delays.append(time.time() - max(seen, live_began))
            return received() >= count

        wait_for("the backlog is drained", drained, 240)
        seconds = time.monotonic() - began
        live.stop()
    row(f"backlog of {count:,} samples through real brokers, drained", f"{seconds:.1f} s",
        "≤ 60 s", seconds <= 60)
    row("  until the agent had found the broker again", f"{began - away:.1f} s")
    if delays:
        row("  live data meanwhile, after 65 s of outage: delay to the commit, median; most",
            f"{statistics.median(delays):.1f} s; {max(delays):.1f} s")


def size():
    target = ROOT / ".build" / "bench-stripped"
    for name, goal in (("hatang-agent", 15e6), ("hatang-aggregator", None),
                       ("hatang-simulator", None)):
        subprocess.run(["strip", "-o", target, BIN / name], check=True)
        count = target.stat().st_size
        target.unlink()
        row(f"{name}, stripped", f"{count / 1e6:.1f} MB", "≤ 15 MB" if goal else "",
            count <= goal if goal else None)


def in_process():
    """What needs no broker is measured inside a test program, which prints a line for each."""
    segments = ROOT / ".build" / "bench-segments"
    segments.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HATANG_BENCH": str(segments)}
    # Real drive-test logs, where the checkout has them beside it.
    logs = ROOT.parent / "shared/data/cork-5g"
    if logs.is_dir():
        environment.setdefault("HATANG_LOGS", str(logs))
    done = subprocess.run(
        ["swift", "test", "-c", "release", "--scratch-path", ".build/tests", "--disable-xctest",
         "--filter", "BenchTests"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    found = [line[6:] for line in done.stdout.decode().splitlines() if line.startswith("BENCH ")]
    if done.returncode != 0:
        raise SystemExit(done.stdout.decode())
    return [json.loads(line) for line in found], segments


def in_process_rows():
    results, segments = in_process()
    for result in results:
        goal, value = result.get("goal"), result["value"]
        reached = None
        if goal is not None:
            reached = value >= goal if result["more"] else value <= goal
        sign = "≥" if result.get("more") else "≤"
        shown = f"{value:,.0f}" if value >= 1_000 else f"{value:,.1f} "
        row(result["what"], f"{shown}{result['unit']}",
            f"{sign} {goal:,.0f} {result['unit']}" if goal is not None else "", reached)
    for path in sorted(segments.glob("*.bin")):
        weighed(path)


def weighed(path):
    """A file of segments, each after its length and its rows as 4 bytes."""
    data, offset, size, samples = path.read_bytes(), 0, 0, 0
    while offset < len(data):
        count = int.from_bytes(data[offset:offset + 4], "big")
        samples += int.from_bytes(data[offset + 4:offset + 8], "big")
        offset += 8 + count
        size += count
    goal = 10 if path.stem == "real-logs" else 16
    row(f"bytes on the wire a sample, segments of 100, {path.stem.replace('-', ' ')}",
        f"{size / samples:.1f}", f"≤ {goal}", size / samples <= goal)


def web_rows():
    for found in web.rows():
        row(*found)


PARTS = {
    "agent": agent, "slow": slow, "backlog": backlog, "web": web_rows,
    "inside": in_process_rows, "size": size,
}


def main():
    names = [word for word in sys.argv[1:] if word != "--write"] or list(PARTS)
    for name in names:
        if name not in PARTS:
            raise SystemExit(f"no part {name}; there are {', '.join(PARTS)}")
    began = time.monotonic()
    facts = machine()
    for name in names:
        PARTS[name]()
    if "--write" in sys.argv:
        write("bench", "make bench", facts)
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
