"""What the benchmark stands on: processes, brokers, and what the kernel says of them."""

import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("HATANG_BIN", ROOT / ".build" / "release"))
TICK = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as each:
        each.bind(("127.0.0.1", 0))
        return each.getsockname()[1]


def wait_for(what, condition, seconds=60):
    """The condition's first true value; an error when it does not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise SystemExit(f"after {seconds} s still not: {what}")


class Process:
    """A program under measurement."""

    def __init__(self, folder, name, *command, output=None):
        self.name = name
        self.log = folder / f"{name}.log"
        with open(self.log, "ab") as log, open(output or self.log, "ab") as out:
            self.child = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=log)

    @property
    def pid(self):
        if self.child.poll() is not None:
            raise SystemExit(f"{self.name} ended: {self.log.read_text()[-2000:]}")
        return self.child.pid

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def written_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/io").read_text().splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
        return 0

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def peak_resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        return 0

    def kill(self):
        """A power cut, as far as this process goes."""
        self.child.kill()
        self.child.wait()

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Site:
    """Brokers, agent and aggregator in a folder that goes away with them."""

    agent_name = "bench-1"
    # Between agent and province, where something stands there; None: the province's own port.
    uplink_port = None
    # Lines that a kind of broker has beyond those of config/mosquitto.
    extra_lines = {}

    def __init__(self, **buffer):
        # Beside the build, for /tmp may be memory, which writes no byte to a disk.
        build = ROOT / ".build"
        build.mkdir(exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=build))
        self.local_port, self.central_port = free_port(), free_port()
        self.http_port = free_port()
        self.processes = []
        self.agent = self.aggregator = self.central = None
        self.local = self.broker("local", self.local_port)
        (self.folder / "agent.json5").write_text(json.dumps({
            "agent": self.agent_name,
            "local": {"host": "127.0.0.1", "port": self.local_port},
            "uplink": {"host": "127.0.0.1", "port": self.uplink_port or self.central_port},
            "buffer": {"path": str(self.folder / "buffer.db"), **buffer},
            "status_file": str(self.folder / "status.json"),
        }))
        (self.folder / "aggregator.json5").write_text(json.dumps({
            "broker": {"host": "127.0.0.1", "port": self.central_port},
            "store": {"path": str(self.folder / "hatang.db")},
            "http": {"listen": f"127.0.0.1:{self.http_port}"},
            "indicators": str(ROOT / "seeds/indicators.json"),
            "areas": str(ROOT / "seeds/areas.json"),
            "population": str(ROOT / "seeds/population.csv"),
            "outlines": str(ROOT / "seeds/areas.geojson"),
            "method": {"accept_simulated": True},
        }))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, *command, output=None):
        process = Process(self.folder, name, *command, output=output)
        self.processes.append(process)
        return process

    def broker(self, kind, port):
        data = self.folder / kind
        data.mkdir()
        lines = []
        for line in (ROOT / "config/mosquitto" / f"{kind}.conf").read_text().splitlines():
            word = line.split(" ")[0]
            if word == "listener":
                line = f"listener {port} 127.0.0.1"
            elif word == "persistence_location":
                line = f"persistence_location {data}/"
            lines.append(line)
        if os.getuid() == 0:
            lines.append("user root")
        lines += self.extra_lines.get(kind, [])
        (self.folder / f"{kind}.conf").write_text("\n".join(lines) + "\n")
        return self.start_broker(kind, port)

    def start_broker(self, kind, port):
        """Also once more, after it was killed."""
        mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        process = self.start(f"broker-{kind}", mosquitto, "-c", self.folder / f"{kind}.conf")
        wait_for(f"the {kind} broker listens", lambda: self.listens(port))
        return process

    @staticmethod
    def listens(port):
        with socket.socket() as each:
            return each.connect_ex(("127.0.0.1", port)) == 0

    def start_agent(self):
        self.agent = self.start(
            "agent", BIN / "hatang-agent", "run", "--config", self.folder / "agent.json5")
        wait_for("the agent writes its status", self.status)

    def start_province(self):
        self.central = self.broker("central", self.central_port)
        self.aggregator = self.start(
            "aggregator", BIN / "hatang-aggregator", "run", "--config",
            self.folder / "aggregator.json5")

    def simulate(self, *options):
        if "--flood" not in options:
            options = ("--population", ROOT / "seeds/population.csv", *options)
        return self.start(
            "simulator", BIN / "hatang-simulator", "--broker", f"127.0.0.1:{self.local_port}",
            *options)

    def simulate_agents(self, agents, seconds, *options, name="simulator"):
        """Many agents with a connection each to the province; their report is their last word."""
        (self.folder / f"{name}.log").unlink(missing_ok=True)
        return self.start(
            name, BIN / "hatang-simulator", "--broker", f"127.0.0.1:{self.central_port}",
            "--agents", agents, "--duration", seconds, *options)

    def report(self):
        """What the simulator that ended last says of its load."""
        text = (self.folder / "simulator.log").read_text()
        found = [line for line in text.splitlines() if line.startswith("{")]
        if not found:
            raise SystemExit(f"the simulator ended without a report: {text[-2000:]}")
        return json.loads(found[-1])

    def status(self):
        """The agent's own words; None before the first."""
        try:
            return json.loads((self.folder / "status.json").read_text())
        except (OSError, ValueError):
            return None

    def accepted(self):
        return self.status()["accepted"]

    def query(self, sql):
        """The first row from the aggregator's store; None before there is one."""
        path = self.folder / "hatang.db"
        if not path.exists():
            return None
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        try:
            return connection.execute(sql).fetchone()
        except sqlite3.OperationalError:
            return None
        finally:
            connection.close()


class Province(Site):
    """A province without an agent of its own."""

    def __enter__(self):
        self.start_province()
        wait_for("the aggregator answers", lambda: self.listens(self.http_port))
        return self

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics",
                                    timeout=30) as answer:
            return answer.read().decode()

    def metric(self, name):
        """The sum over a family's series."""
        found = re.findall(rf"^{name}(?:\{{.*\}})? ([\d.e+-]+)$", self.metrics(), re.MULTILINE)
        return sum(map(float, found))

    def store_bytes(self):
        return sum(path.stat().st_size for path in self.folder.glob("hatang.db*"))


class Meter:
    """One process between two moments."""

    def __init__(self, process, count):
        self.process, self.count = process, count
        self.start = (time.monotonic(), process.cpu_seconds(), process.written_bytes(), count())

    def read(self):
        """(samples, samples a second, CPU seconds for 100,000, bytes written a sample)"""
        began, cpu, written, counted = self.start
        samples = self.count() - counted
        if samples == 0:
            raise SystemExit(f"{self.process.name} took no sample; {self.process.log}")
        seconds = time.monotonic() - began
        return (
            samples, samples / seconds, (self.process.cpu_seconds() - cpu) / samples * 1e5,
            (self.process.written_bytes() - written) / samples)
