#!/usr/bin/env python3
"""`make bench-peers`: our agent beside others that carry the same samples between the same brokers.

One after the other on the same machine: a C program that does the least (floor.c), our agent,
mosquitto's own bridge, thingsboard-gateway. Names as arguments run only those. About ten minutes;
PEERS_SCALE=0.2 makes every load smaller. With --write the table goes into docs/benchmarks.md.
"""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time

from bench import machine
from parts import BIN, ROOT, wait_for
from report import write_section
from rig import LATE_SECONDS, SCALE, Rig, SinkFile, Store, compiled


class Floor(Rig):
    name, setting = "floor.c", "groups of 1,000 or 200 ms, `synchronous=FULL`, 16 groups in flight"

    def start_receiver(self):
        self.receiver = SinkFile(self, "floor/batch")

    def start_forwarder(self):
        self.forwarder = self.start(
            "floor", compiled("floor", "mosquitto", "sqlite3"), self.local_port, self.uplink_port,
            self.folder / "floor.db")


class Ours(Rig):
    name, setting = "hatang-agent", "as shipped; received by hatang-aggregator, after its commit"

    def start_receiver(self):
        self.aggregator = self.start(
            "aggregator", BIN / "hatang-aggregator", "run", "--config",
            self.folder / "aggregator.json5")
        wait_for("the aggregator answers", lambda: self.listens(self.http_port))
        self.receiver = Store(self)

    def start_forwarder(self):
        self.start_agent()
        self.forwarder = self.agent


class Bridge(Rig):
    name = "mosquitto bridge"
    setting = "QoS 1, `cleansession false`, in the local broker with its own settings"
    is_broker = True

    def start_broker(self, kind, port):
        if kind == "local":
            config = self.folder / "local.conf"
            if "\nconnection " not in config.read_text():
                with open(config, "a", encoding="utf-8") as file:
                    file.write(
                        f"connection central\naddress 127.0.0.1:{self.uplink_port}\n"
                        "topic measure/# out 1\ncleansession false\nrestart_timeout 2 5\n")
        return super().start_broker(kind, port)

    def start_receiver(self):
        self.receiver = SinkFile(self, "measure/#")

    def start_forwarder(self):
        self.forwarder = self.local


class ThingsBoard(Rig):
    VERSION = "3.8.5"
    name = "thingsboard-gateway"
    setting = (
        f"{VERSION} from PyPI, SQLite storage, QoS 1, its MQTT connector with a session that stays, "
        "a converter of our own (its own gives two samples of one ms one time, so that one of them "
        "is gone), no rate limits, and a plain broker in ThingsBoard's place")
    # The broker in ThingsBoard's place must not give the gateway its own questions back.
    ACCESS = """topic readwrite #
user bench
topic write #
topic read v1/devices/me/attributes/#
topic read v1/devices/me/rpc/response/#
topic read v1/gateway/#
"""

    def broker(self, kind, port):
        if kind == "central":
            access = self.folder / "access"
            access.write_text(self.ACCESS)
            access.chmod(0o600)
            self.extra_lines = {"central": [f"acl_file {access}"]}
        return super().broker(kind, port)

    @classmethod
    def program(cls):
        """The gateway in a Python environment of its own, made once."""
        folder = ROOT / ".build" / f"peer-thingsboard-{cls.VERSION}"
        program = folder / "bin" / "thingsboard-gateway"
        if not program.exists():
            shutil.rmtree(folder, ignore_errors=True)
            for command in (
                    [sys.executable, "-m", "venv", folder],
                    [folder / "bin/pip", "install", "-q", f"thingsboard-gateway=={cls.VERSION}"]):
                done = subprocess.run(
                    command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                if done.returncode != 0:
                    shutil.rmtree(folder, ignore_errors=True)
                    raise NotThere(done.stdout.decode().strip().splitlines()[-1])
        return program

    def start_receiver(self):
        self.receiver = SinkFile(self, "v1/gateway/telemetry")
        self.answers = self.start(
            "limits", shutil.which("mosquitto_sub"), "-p", self.central_port, "-t",
            "v1/devices/me/rpc/request/+", "-F", "%t", output=self.folder / "requests.txt")
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        """The server's side of one question: without an answer the gateway sends nothing."""
        limits = json.dumps({
            "rateLimits": {}, "gatewayRateLimits": {}, "maxInflightMessages": 1000,
            "maxPayloadSize": 1_000_000})
        known = 0
        while self.answers.child.poll() is None:
            topics = (self.folder / "requests.txt").read_text().splitlines()
            for topic in topics[known:]:
                subprocess.run(
                    [shutil.which("mosquitto_pub"), "-p", str(self.central_port), "-q", "1", "-t",
                     topic.replace("request", "response"), "-m", limits], check=False)
            known = len(topics)
            time.sleep(0.1)

    def configure(self, folder):
        packages = next(self.program().parent.parent.glob("lib/python3*/site-packages"))
        shipped = packages / "thingsboard_gateway" / "config"
        folder.mkdir()
        (folder.parent / "logs").mkdir()
        shutil.copy(ROOT / "bench" / "peer_converter.py",
                    packages / "thingsboard_gateway" / "extensions" / "mqtt")
        shutil.copy(shipped / "logs.json", folder)
        main = json.loads((shipped / "tb_gateway.json").read_text())
        main["thingsboard"].update({
            "host": "127.0.0.1", "port": self.uplink_port, "remoteConfiguration": False,
            "maxPayloadSizeBytes": 1_000_000,
            "security": {"type": "accessToken", "accessToken": "bench"}})
        main["thingsboard"]["statistics"]["enable"] = False
        main["storage"] = {
            "type": "sqlite", "data_file_path": f"{folder.parent}/data/",
            "max_read_records_count": 1000, "writing_batch_size": 1000,
            "messages_ttl_check_in_hours": 1, "messages_ttl_in_days": 7}
        main["connectors"] = [
            {"type": "mqtt", "name": "local", "configuration": "mqtt.json"}]
        (folder / "tb_gateway.json").write_text(json.dumps(main))
        connector = json.loads((shipped / "mqtt.json").read_text())
        connector["broker"].update({
            "host": "127.0.0.1", "port": self.local_port, "clientId": "bench-gateway",
            "cleanSession": False, "cleanStart": False, "sessionExpiryInterval": 86_400})
        connector["mapping"] = [{
            "topicFilter": "measure/#", "subscriptionQos": 1,
            "converter": {
                "type": "custom", "extension": "BenchUplinkConverter", "cached": True}}]
        connector["requestsMapping"] = {}
        (folder / "mqtt.json").write_text(json.dumps(connector))

    def start_forwarder(self):
        folder = self.folder / "gateway" / "config"
        if not folder.exists():
            folder.parent.mkdir()
            self.configure(folder)
        self.forwarder = self.start(
            "gateway", shutil.which("env"), "-C", folder.parent, f"TB_GW_CONFIG_DIR={folder}",
            self.program())


class Alone(Rig):
    """The local broker without a forwarder: what the bridge's own share is told by."""

    def measure(self):
        """CPU seconds for 100,000 and bytes written for one."""
        count = int(200_000 * SCALE)
        cpu, written = self.local.cpu_seconds(), self.local.written_bytes()
        self.flood(count, 20_000)[0].child.wait()
        time.sleep(0.5)
        return ((self.local.cpu_seconds() - cpu) / count * 1e5,
                (self.local.written_bytes() - written) / count)


class NotThere(Exception):
    """Why a peer cannot be run here."""


PEERS = {"floor": Floor, "ours": Ours, "bridge": Bridge, "thingsboard": ThingsBoard}


def measure(kind, alone):
    """All figures of one peer."""
    if hasattr(kind, "program"):
        kind.program()
    with kind() as rig:
        rig.start_receiver()
        rig.start_forwarder()
        rig.warm()
        found = {"idle": rig.forwarder.resident_bytes()}
        say(f"{rig.name}: idle {found['idle'] / 1e6:.1f} MB")
        found["median"], found["p99"] = rig.delay()
        say(f"  delay at 50/s: {found['median']:.3f} s, {found['p99']:.3f} s")
        found["few"], found["many"] = rig.noisy(devices=3), rig.noisy(devices=100)
        say(f"  noisy samples: {found['few']['uplink']:.1f} bytes on the uplink from 3 devices, "
            f"{found['many']['uplink']:.1f} from 100")
        found.update(rig.fastest())
        found["peak"] = rig.forwarder.peak_resident_bytes()
        if rig.is_broker:
            for costs in (found, found["few"], found["many"]):
                costs["forwarder_cpu"] -= alone[0]
                costs["forwarder_written"] -= alone[1]
        say(f"  {found['rate']:,.0f}/s, {found['forwarder_cpu']:.2f} s CPU for 100,000")
        found["away"] = rig.uplink_away()
        say(f"  uplink away: lost; doubled {pair(found['away'])}")
        found["cut"] = rig.killed(with_broker=True)
        say(f"  broker and forwarder killed: {pair(found['cut'])}")
        found["killed"] = found["cut"] if rig.is_broker else rig.killed(with_broker=False)
        say(f"  forwarder killed: {pair(found['killed'])}")
        return found


def say(text):
    print(text, flush=True)


def goal(found):
    """What is to be reached, and whether ours does, by key."""
    ours, floor, bridge = found.get("ours"), found.get("floor"), found.get("bridge")
    peers = [each for name, each in found.items() if name not in ("ours", "floor")]
    if not (ours and floor and bridge):
        return {}
    fastest = max(each["rate"] for each in peers)
    cheapest = min(each["forwarder_cpu"] for each in peers)
    goals = {
        "rate": ("≥ 0.8 × floor.c, above every peer",
                 ours["rate"] >= 0.8 * floor["rate"] and ours["rate"] > fastest),
        "forwarder_cpu": ("≤ 1.5 × floor.c, below every peer",
                          ours["forwarder_cpu"] <= 1.5 * floor["forwarder_cpu"]
                          and ours["forwarder_cpu"] < cheapest),
        "uplink": ("≤ 1/10 of the bridge's", ours["uplink"] <= bridge["uplink"] / 10)}
    for key in ("few", "many"):
        goals[key] = ("≤ 1/10 of the bridge's",
                      ours[key]["uplink"] <= bridge[key]["uplink"] / 10)
    for key in ("away", "killed", "cut"):
        goals[key] = ("0; 0", ours[key][:2] == (0, 0))
    return goals


ROWS = (
    ("rate", "samples/s end to end", lambda f: f"{f['rate']:,.0f}"),
    ("missing", "not arrived of that load", lambda f: f"{f['missing']:,}"),
    ("forwarder_cpu", "CPU s for 100,000: forwarder", lambda f: f"{f['forwarder_cpu']:.2f}"),
    ("broker_cpu", "CPU s for 100,000: local broker", lambda f: f"{f['broker_cpu']:.2f}"),
    ("forwarder_written", "bytes to disk a sample: forwarder",
     lambda f: f"{f['forwarder_written']:,.0f}"),
    ("broker_written", "bytes to disk a sample: local broker",
     lambda f: f"{f['broker_written']:,.0f}"),
    ("uplink", "bytes on the uplink a sample", lambda f: f"{f['uplink']:,.1f}"),
    ("few", "the same, noisy samples of 3 devices, 300/s", lambda f: f"{f['few']['uplink']:,.1f}"),
    ("many", "the same, noisy samples of 100 devices, 300/s",
     lambda f: f"{f['many']['uplink']:,.1f}"),
    ("many_cpu", "CPU s for 100,000 of these: forwarder",
     lambda f: f"{f['many']['forwarder_cpu']:.2f}"),
    ("many_written", "bytes to disk for one of these: forwarder",
     lambda f: f"{f['many']['forwarder_written']:,.0f}"),
    ("median", "delay at 50/s, median, s", lambda f: f"{f['median']:.3f}"),
    ("p99", "delay at 50/s, 99th percentile, s", lambda f: f"{f['p99']:.3f}"),
    ("idle", "memory idle, MB", lambda f: f"{f['idle'] / 1e6:.1f}"),
    ("peak", "memory at most under full load, MB", lambda f: f"{f['peak'] / 1e6:.1f}"),
    ("away", f"lost; doubled: uplink away for {20_000 * SCALE:,.0f}", lambda f: pair(f["away"])),
    ("killed", "lost; doubled: SIGKILL under load", lambda f: pair(f["killed"])),
    ("cut", "lost; doubled: SIGKILL of local broker and forwarder", lambda f: pair(f["cut"])),
)


def pair(numbers):
    missing, doubled, is_coming = numbers
    note = f" after {LATE_SECONDS} s" if missing and is_coming else ""
    return f"{missing:,}{note}; {doubled:,}"


def table(found, absent):
    goals = goal(found)
    heads = ["", *(PEERS[name].name for name in found), "to reach by hatang-agent"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for key, title, text in ROWS:
        wanted, reached = goals.get(key, ("", None))
        mark = {None: "", True: " ✓", False: " ✗"}[reached]
        lines.append("| " + " | ".join(
            [title, *(text(each) for each in found.values()), wanted + mark]) + " |")
    lines.append("")
    lines += [f"- {PEERS[name].name}: {PEERS[name].setting}." for name in found]
    lines += [f"- {PEERS[name].name}: not run: {why}." for name, why in absent.items()]
    return "\n".join(lines)


def main():
    # Whoever ends the run ends with it what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    words = [word for word in sys.argv[1:] if word != "--write"]
    for name in words:
        if name not in PEERS:
            raise SystemExit(f"no peer {name}; there are {', '.join(PEERS)}")
    began = time.monotonic()
    facts = machine()
    with Alone() as rig:
        alone = rig.measure()
    say(f"local broker alone: {alone[0]:.2f} s CPU for 100,000, {alone[1]:.0f} bytes a sample")
    found, absent = {}, {}
    for name in words or PEERS:
        try:
            found[name] = measure(PEERS[name], alone)
        except NotThere as error:
            absent[name] = str(error)
    text = table(found, absent)
    say("\n" + text + f"\n\n{time.monotonic() - began:.0f} s")
    if "--write" in sys.argv:
        write_section("peers", f"PEERS_SCALE={SCALE:g} make bench-peers", facts, text)


if __name__ == "__main__":
    main()
