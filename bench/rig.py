"""What `make bench-peers` does with each forwarder: one site, load on it, and what arrived.

A forwarder takes what devices publish to the local broker and brings it to the central one, through
a relay that counts bytes and can be away. Samples are the simulator's, of 200 bytes; each is known
by its time in ms, so that every single one can be looked for at the receiving end.
"""

import functools
import os
import re
import shutil
import socket
import sqlite3
import statistics
import struct
import subprocess
import time
import zlib

from parts import ROOT, Site, free_port, wait_for

SCALE = float(os.environ.get("PEERS_SCALE", "1"))
# Time of the first sample of the first load, ms; each load begins so much later.
FIRST_MS, APART_MS = 1_700_000_000_000, 10_000_000
# No sample for so long, and what is missing is taken for lost. Longer than any reconnect.
QUIET_SECONDS = 30
# What is still coming after so long is not waited for: the run has an end.
LATE_SECONDS = 100
FAULT_RATE = 5_000
TIME = re.compile(rb'"time":\s*"?(\d{10})(?:\.(\d{1,3}))?')


@functools.cache
def compiled(name, *libraries):
    """A C program of this folder, compiled beside the build."""
    target = ROOT / ".build" / f"bench-{name}"
    target.parent.mkdir(exist_ok=True)
    subprocess.run(
        [shutil.which("cc") or "clang", "-O2", "-o", target, ROOT / "bench" / f"{name}.c",
         *(f"-l{each}" for each in libraries)], check=True)
    return target


def milliseconds(match):
    whole, part = match
    return int(whole) * 1000 + int(part.ljust(3, b"0") if part else 0)


class SinkFile:
    """The receiving end of forwarders that send payloads: mosquitto_sub, writing all that comes."""

    def __init__(self, site, topic):
        self.path = site.folder / "sink.txt"
        self.offset, self.counted = 0, 0
        self.process = subscriber(site, "sink", topic, "%U %p", self.path)

    def count(self):
        """Samples so far, those that came twice among them."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            new = file.read()
        whole = new.rfind(b"\n") + 1
        self.offset += whole
        self.counted += new.count(b'"time":', 0, whole)
        return self.counted

    def mark(self):
        self.count()
        return self.offset

    def arrivals(self, mark):
        """(time of the sample in ms, time of arrival in s) of all samples since the mark.

        A line "#first count" of floor.c is what a receiver with a ledger goes by: a group that it
        has already is passed over.
        """
        with open(self.path, "rb") as file:
            file.seek(mark)
            lines = file.read().splitlines()
        stamp, has_ledger, next_number, skip = 0.0, False, None, False
        for line in lines:
            head = re.match(rb"(\d+\.\d+) (?:#(\d+) (\d+)$)?", line)
            if head:
                stamp = float(head[1])
                if head[2]:
                    first, count = int(head[2]), int(head[3])
                    has_ledger = True
                    skip = next_number is not None and first + count <= next_number
                    next_number = max(next_number or 0, first + count)
            if has_ledger and skip:
                continue
            for match in TIME.findall(line):
                yield milliseconds(match), stamp


def subscriber(site, name, topic, form, path):
    """mosquitto_sub on the central broker, with a session that outlives it."""
    return site.start(
        name, shutil.which("mosquitto_sub"), "-p", site.central_port, "-V", "mqttv311", "-q", 1,
        "-c", "-i", f"bench-{name}", "-t", topic, "-F", form, output=path)


class Store:
    """The receiving end of ours: what the aggregator has committed."""

    def __init__(self, site):
        self.site = site
        self.receipts = site.folder / "receipts.txt"
        subscriber(site, "receipts", "hatang/v1/+/receipt", "%U %x", self.receipts)

    def count(self):
        found = self.site.query("SELECT sum(received) FROM streams")
        return found[0] or 0 if found else 0

    def mark(self):
        return self.count(), self.site.query("SELECT max(id) FROM segments")[0] or 0

    def arrivals(self, mark):
        """As those of a sink; the arrival is the receipt, which goes out after the commit."""
        base, segment = mark
        receipts = [line.split() for line in self.receipts.read_text().splitlines()]
        receipts = [(cbor(bytes.fromhex(text)), float(stamp)) for stamp, text in receipts]
        committed = iter([(body[2], stamp) for body, stamp in receipts if body[2] > base])
        # One stream, in order: true as long as no fault has made a second one.
        through, stamp = base, 0.0
        for first, count, data in self.site.rows(
                "SELECT first, count, bytes FROM segments WHERE id > ? ORDER BY id", segment):
            while through < first + count:
                through, stamp = next(committed, (first + count, stamp))
            for moment in segment_times(data):
                yield moment, stamp


def segment_times(data):
    """The times of a segment's samples, by docs/protocol.md."""
    segment = cbor(data)
    blocks = segment[2] if 2 in segment else cbor(zlib.decompress(segment[4][1], -15))
    for _, _, rows, columns in blocks:
        column = columns[2]
        if isinstance(column, int):
            yield from [column] * rows
            continue
        unit, steps = column[0], column[1]
        if len(column) == 3:
            steps = [d for d, n in zip(steps[::2], steps[1::2]) for _ in range(n)]
        total = 0
        for step in steps:
            total += step
            yield unit * total


def cbor(data):
    """The value of CBOR without floats, tags and indefinite lengths, which our wire has not."""
    value, _ = cbor_at(data, 0)
    return value


def cbor_at(data, at):
    kind, small = data[at] >> 5, data[at] & 31
    at += 1
    if small >= 24 and kind != 7:
        size = 1 << (small - 24)
        number, at = int.from_bytes(data[at:at + size], "big"), at + size
    else:
        number = small
    if kind == 0:
        return number, at
    if kind == 1:
        return -1 - number, at
    if kind in (2, 3):
        piece = bytes(data[at:at + number])
        return (piece if kind == 2 else piece.decode()), at + number
    if kind == 7:
        return {20: False, 21: True, 22: None}[number], at
    items = []
    for _ in range(number * (2 if kind == 5 else 1)):
        item, at = cbor_at(data, at)
        items.append(item)
    return (items if kind == 4 else dict(zip(items[::2], items[1::2]))), at


class Pulse:
    """A device that publishes at a steady pace and writes its own clock into each sample."""

    TEMPLATE = (
        '{"time":%010d.%03d,"lat":20.50000,"lon":105.90000,"accuracy":4.5,"rat":"nr-sa",'
        '"active":true,"ss_rsrp":-93.5,"ss_rsrq":-11.5,"ss_sinr":14.2,"plmn":"45204",'
        '"band":"n78","cell":"%s","simulated":true}')

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = b"bench-pulse"
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + struct.pack(">H", len(name)) + name
        self.socket.sendall(bytes([0x10, len(body)]) + body)
        if self.socket.recv(4) != b"\x20\x02\x00\x00":
            raise SystemExit("the local broker did not take the pulse's connection")
        self.packet = 0

    def publish(self):
        self.packet = self.packet % 65_535 + 1
        now = time.time_ns() // 1_000_000
        text = self.TEMPLATE % (now // 1000, now % 1000, "7")
        topic = b"measure/coverage/pulse"
        body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", self.packet) + text.encode()
        length = bytes([len(body) & 127 | 128, len(body) >> 7])
        self.socket.sendall(b"\x32" + length + body)
        self.socket.recv(4096)
        return now

    def close(self):
        self.socket.sendall(b"\xe0\x00")
        self.socket.close()


class Rig(Site):
    """A site with one forwarder, which a subclass starts."""

    name = ""
    # What it is, for a reader of the table.
    setting = ""
    # The local broker dies with it, being the same process.
    is_broker = False

    def __init__(self):
        self.uplink_port = free_port()
        self.loads = 0
        self.proxy = self.forwarder = self.receiver = None
        super().__init__()
        self.central = self.broker("central", self.central_port)
        self.uplink(True)

    def start_forwarder(self):
        raise NotImplementedError

    def start_receiver(self):
        raise NotImplementedError

    def uplink(self, is_there):
        if not is_there:
            self.proxy.kill()
            return
        self.proxy = self.start(
            "proxy", compiled("proxy"), self.uplink_port, self.central_port,
            self.folder / "uplink.bytes")
        wait_for("the relay listens", lambda: self.listens(self.uplink_port))

    def uplink_bytes(self):
        return sum(struct.unpack("qq", (self.folder / "uplink.bytes").read_bytes()))

    def rows(self, sql, *values):
        connection = sqlite3.connect(
            f"file:{self.folder / 'hatang.db'}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    # Loads

    def flood(self, count, rate):
        """Starts `count` samples; the simulator and the time of the first of them."""
        self.loads += 1
        first = FIRST_MS + self.loads * APART_MS
        process = self.simulate(
            "--flood", count, "--rate", int(rate), "--first-time", first,
            "--source", f"load-{self.loads}", "--duration", 300)
        return process, first

    def warm(self):
        """Until a sample gets through, whatever has to be set up on the way."""
        end = time.monotonic() + 90
        while time.monotonic() < end:
            self.flood(1, 1)[0].child.wait()
            for _ in range(20):
                if self.receiver.count() > 0:
                    time.sleep(3)
                    return
                time.sleep(0.1)
        raise SystemExit(f"{self.name}: no sample gets through; {self.forwarder.log}")

    def settle(self, mark, expected):
        """Waits for the expected times; (lost, doubled, whether more was still coming)."""
        before = -1
        began = quiet = time.monotonic()
        while True:
            count = self.receiver.count()
            if count != before:
                before, quiet = count, time.monotonic()
            seen = {}
            still, is_late = time.monotonic() - quiet, time.monotonic() - began > LATE_SECONDS
            if still > 2 or is_late:
                for moment, _ in self.receiver.arrivals(mark):
                    seen[moment] = seen.get(moment, 0) + 1
                missing = sum(1 for each in expected if each not in seen)
                if missing == 0 or still > QUIET_SECONDS or is_late:
                    return missing, sum(n - 1 for n in seen.values()), still <= QUIET_SECONDS
            time.sleep(0.5)

    # Measurements

    def meter(self):
        """Counters of forwarder, local broker and uplink; `costs` takes two readings."""
        found = {"uplink": self.uplink_bytes()}
        for key, process in (("forwarder", self.forwarder), ("broker", self.local)):
            found[f"{key}_cpu"] = process.cpu_seconds() * 1e5
            found[f"{key}_written"] = process.written_bytes()
        return found

    @staticmethod
    def costs(before, after, count):
        """CPU seconds for 100,000 samples, bytes for one."""
        return {key: (after[key] - before[key]) / count for key in before}

    def throughput(self, offered, seconds):
        """Samples a second end to end, and what they cost, of so many offered."""
        count = int(offered * seconds)
        base, before = self.receiver.count(), self.meter()
        began = time.monotonic()
        load, _ = self.flood(count, offered)
        got, moment, first = 0, began, None
        while got < count and time.monotonic() - moment < QUIET_SECONDS:
            time.sleep(0.05)
            now = self.receiver.count() - base
            if now != got:
                got, moment = now, time.monotonic()
                first = first or (got, moment)
        load.child.wait()
        time.sleep(0.5)
        if got == 0:
            raise SystemExit(f"{self.name}: nothing of {count:,} arrived")
        # From the first arrival on, so that the simulator's start is not in it.
        rate = got / (moment - began)
        if got > first[0]:
            rate = (got - first[0]) / (moment - first[1])
        return {"rate": rate, "missing": count - got,
                **self.costs(before, self.meter(), got)}

    def noisy(self, devices, rate=300):
        """What samples cost that differ as real ones do, at a pace as of a large site."""
        seconds = int(max(10, 20 * SCALE))
        base, before = self.receiver.count(), self.meter()
        load = self.simulate("--no-past", "--kind", "coverage", "--devices", devices, "--rate", rate,
                             "--duration", seconds)
        if load.child.wait() != 0:
            raise SystemExit(f"{self.name}: the simulator ended with {load.child.returncode}")
        count = self.receiver.count()
        quiet = time.monotonic()
        while time.monotonic() - quiet < 2:
            time.sleep(0.1)
            now = self.receiver.count()
            if now != count:
                count, quiet = now, time.monotonic()
        return self.costs(before, self.meter(), count - base)

    def fastest(self):
        """Offers more until it does not keep up; the figures of the last, longer load.

        What is offered far beyond only piles up in the broker, which then writes its queue again
        and again; so the first loads are short, and the last ones begin a little above what these
        carried.
        """
        offered, seconds = 2_000, max(2, 3 * SCALE)
        while True:
            rate = self.throughput(offered, seconds)["rate"]
            if rate < 0.85 * offered or offered > 50_000:
                break
            offered *= 3
        offered = 1.2 * rate
        for _ in range(6):
            found = self.throughput(offered, max(4, 8 * SCALE))
            if found["rate"] < 0.85 * offered:
                break
            offered *= 1.5
        return found

    def delay(self, rate=50):
        """Median and 99th percentile from publishing to the receiving end, s."""
        mark, pulse = self.receiver.mark(), Pulse(self.local_port)
        published = set()
        began = time.monotonic()
        for index in range(int(rate * 20 * SCALE)):
            time.sleep(max(0, began + index / rate - time.monotonic()))
            published.add(pulse.publish())
        pulse.close()
        self.settle(mark, published)
        delays = sorted(arrived - moment / 1000 for moment, arrived in self.receiver.arrivals(mark)
                        if moment in published)
        if not delays:
            raise SystemExit(f"{self.name}: nothing arrived at {rate}/s")
        return statistics.median(delays), delays[int(len(delays) * 0.99)]

    # Faults; each says what `settle` says

    def uplink_away(self):
        count = int(20_000 * SCALE)
        mark = self.receiver.mark()
        self.uplink(False)
        load, first = self.flood(count, FAULT_RATE)
        load.child.wait()
        time.sleep(2)
        self.uplink(True)
        return self.settle(mark, range(first, first + count))

    def killed(self, with_broker):
        """SIGKILL in the middle of two loads. What the device had no PUBACK for is left out: it may
        arrive or not, and is not published again, so nothing can be doubled by the device."""
        count = max(10_000, int(20_000 * SCALE))
        mark = self.receiver.mark()
        load, first = self.flood(count, FAULT_RATE)
        time.sleep(0.1 + count / FAULT_RATE / 2)
        if load.child.poll() is not None:
            raise SystemExit(f"{self.name}: the load was over before the fault")
        if with_broker or self.is_broker:
            # Both at once: neither may do anything between.
            for each in {self.local, self.forwarder}:
                os.kill(each.pid, 9)
            load.stop()
            for each in {self.local, self.forwarder}:
                each.child.wait()
            report = self.report()
            self.local = self.start_broker("local", self.local_port)
        else:
            self.forwarder.kill()
            report = None
        self.start_forwarder()
        if report is None:
            load.child.wait()
            report = self.report()
        in_doubt = set(report["unacknowledged"])
        expected = {first + i for i in range(report["published"]) if i not in in_doubt}
        # Live data goes on afterwards.
        load, first = self.flood(count // 4, FAULT_RATE)
        load.child.wait()
        expected |= set(range(first, first + count // 4))
        return self.settle(mark, expected)

