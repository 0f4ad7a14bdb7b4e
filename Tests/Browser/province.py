"""A province for the browser: real payloads through the local broker, and the aggregator itself."""

import csv
import datetime
import json
import math
import os
import signal
import subprocess
import time
import urllib.request

from chromium import Failure

# A name that would run as a script wherever it were not escaped.
EVIL = '<img src=x onerror="document.title=1">'
WAIT = 120


class Province:
    def __init__(self, root, aggregator, configuration, port, broker):
        self.root = root
        self.program = aggregator
        self.configuration = configuration
        self.url = f"http://127.0.0.1:{port}"
        self.broker = broker
        self.process = None
        self.counters = {"dossiers_received": 1_000, "dossiers_received_online": 800}

    # The aggregator

    def start(self):
        log = open(os.path.join(os.path.dirname(self.configuration), "aggregator.log"), "a")
        self.process = subprocess.Popen(
            [self.program, "run", "--config", self.configuration],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.until("the aggregator answers", lambda: self.get("/healthz"))

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def command(self, *words):
        run = subprocess.run([self.program, *words, "--config", self.configuration],
                             capture_output=True, text=True, timeout=WAIT)
        return run.returncode, run.stdout + run.stderr

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read().decode()

    def until(self, what, condition):
        deadline = time.monotonic() + WAIT
        while True:
            try:
                found = condition()
                if found:
                    return found
            except OSError as error:
                found = error
            if time.monotonic() > deadline:
                raise Failure(f"after {WAIT} s still not: {what} ({found})")
            # Nothing tells an outsider when; so it is asked, ten times a second.
            subprocess.run(["sleep", "0.1"], check=True)

    # What is measured

    def publish(self, topic, payloads):
        """Each payload is a message; QoS 1, so that all have arrived when this returns."""
        subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.broker), "-q", "1", "-t", topic,
             "-l"], input="\n".join(map(json.dumps, payloads)) + "\n", text=True, check=True,
            timeout=WAIT)

    def tiles(self):
        """Quadkeys, the most populous first."""
        people = {}
        with open(os.path.join(self.root, "seeds", "population.csv")) as file:
            for row in csv.DictReader(file):
                people[row["quadkey"]] = people.get(row["quadkey"], 0) + int(row["population"])
        return sorted(people, key=lambda key: (-people[key], key))

    def drive(self):
        """Two days in most of the tiles: covered, partly and not covered, seen too little, and
        looked for in vain."""
        now = time.time()
        payloads = []
        tiles = self.tiles()
        for index, tile in enumerate(tiles[:2_000]):
            rows = []
            if index % 50 == 49:
                rows = [self.sample(tile, 0, now - 60) | {"rat": "lte"}]
                rows[0].pop("ss_rsrp")
            else:
                days = 1 if index % 25 == 24 else 2
                for day in range(days):
                    for cell in range(4):
                        bad = index % 20 == 19 or (index % 10 == 9 and cell % 2)
                        rows.append(self.sample(tile, cell, now - 60 - 86_400 * day)
                                    | {"ss_rsrp": -120 if bad else -90})
            payloads.append(rows)
        self.publish("measure/coverage/car-1", payloads)
        self.publish("measure/coverage/" + EVIL, [[self.sample(tiles[0], 9, now - 60)]])

    @staticmethod
    def sample(tile, cell, when):
        x = y = 0
        for digit in tile + "000":
            x, y = 2 * x + int(digit) % 2, 2 * y + int(digit) // 2
        x, y, side = x + cell % 8 + 0.5, y + cell // 8 + 0.5, 2 ** 19
        latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / side))))
        return {"time": round(when, 3), "lat": round(latitude, 6),
                "lon": round(x / side * 360 - 180, 6), "rat": "nr-sa", "ss_rsrp": -90,
                "plmn": "45204"}

    def count(self, **increases):
        for name, increase in increases.items():
            self.counters[name] += increase
        now = time.time()
        self.publish("measure/service/desk-1", [
            [{"time": round(now, 3), "area": "phu-ly", "counter": name, "value": value}
             for name, value in self.counters.items()]])

    def mistake(self):
        """What an agent rejects, and an area that no table knows; both with a script inside."""
        self.publish("measure/coverage/car-9", [{"time": 1, "lat": EVIL}])
        self.publish("measure/service/desk-9", [
            {"time": round(time.time(), 3), "area": EVIL, "counter": "payments", "value": 1}])
        agents = self.until(
            "the agent is heard", lambda: json.loads(self.get("/api/v1/agents"))["agents"])
        self.until("the rejected sample is shown", lambda: "lat is" in self.get(
            f"/operations/agents/{agents[0]['agent']}"))

    def value(self, code):
        return json.loads(self.get(f"/api/v1/indicators/{code}"))["value"]

    def quarter(self):
        today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7)))
        return f"{today.year}-Q{(today.month + 2) // 3}"
