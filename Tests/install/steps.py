"""What is tried on the machine, in this order; each step stands on the ones before it. A step is a
function of `Site`; its first line of documentation is what the test prints."""

import json
import re
import shutil
import time

import province
import sandbox
from machine import ROOT, Failure, quiet, wait_for

AGENT = province.AGENT

class Site:
    """The machine, and what one step learns for the next."""

    def __init__(self, machine, packages):
        self.machine = machine
        # The folder with the .deb files as `make deb` made them.
        self.packages = packages
        self.run = machine.run
        self.installed_at = None
        self.first_receipt_seconds = None
        # What each package says at a fresh install is to be typed next.
        self.next_lines = {}

    def expect(self, is_so, text):
        if not is_so:
            raise Failure(text)

    def expect_equal(self, found, wanted, text):
        if found != wanted:
            raise Failure(f"{text}: {found!r}, expected {wanted!r}")

    def json(self, command):
        return json.loads(self.run(command + " --json"))

    def ledger(self):
        return self.json("hatang-aggregator ledger")

    def received(self):
        return self.ledger()["totals"]["received"]

    def status(self):
        """What the daemon says of itself; it does so about a second after its start."""
        def current():
            code, text = self.machine.attempt("hatang-agent status --json")
            return json.loads(text)["status"] if code == 0 else None

        return wait_for("hatang-agent status shows a running daemon", current, 30)

    def wait_received(self, count, seconds=60):
        """Until so many have come; then none more may come, and none may be lost."""
        wait_for(f"{count} received", lambda: self.received() >= count, seconds)
        # Whatever is still under way would be one too many.
        wait_for("nothing waits in the agent", lambda: self.status()["backlog"] == 0, seconds)
        ledger = self.ledger()
        self.expect_equal(ledger["totals"]["received"], count, "measurements received")
        self.expect_equal(ledger["totals"]["lost"], 0, "measurements lost")
        for stream in ledger["streams"]:
            self.expect_equal(
                stream["next"], stream["received"] + stream["lost"], "a stream's next number")

    def property(self, unit, name):
        return self.run(f"systemctl show -P {name} {unit}").strip()

    def publish(self, source, count, port=1883, options=""):
        """So many coverage samples at QoS 1; returns when the broker has acknowledged all."""
        now = time.time()
        lines = "".join(
            json.dumps({
                "time": round(now - count + index, 3), "lat": 20.54, "lon": 105.92,
                "rat": "nr-sa", "active": True, "ss_rsrp": -90, "plmn": "45204",
                "simulated": True}) + "\n"
            for index in range(count))
        self.run(
            f"mosquitto_pub -h 127.0.0.1 {options} -p {port} -q 1 -t measure/coverage/{source} -l",
            stdin=lines)


# MARK: Installing


def alone(site):
    """the agent's package alone: its example can be put in place; purged, it leaves nothing"""
    package = next(iter(site.packages.glob("hatang-agent_*.deb")))
    site.machine.file("/srv").mkdir(exist_ok=True)
    shutil.copy(package, site.machine.file("/srv"))
    site.run(f"apt-get install -y --no-install-recommends /srv/{package.name}", 120)
    site.run("cp /usr/share/doc/hatang-agent/examples/agent.json5 /etc/hatang/")
    site.run("apt-get purge -y hatang-agent", 120)
    site.expect_equal(
        site.run("find /etc /var/lib /usr/share -iname '*hatang*' ! -path '/var/lib/dpkg/*'"), "",
        "left of an agent that was alone")


def install(site):
    """apt installs the packages; nothing starts without a configuration, and it says what to do"""
    machine = site.machine
    (machine.file("/srv")).mkdir(exist_ok=True)
    for package in site.packages.glob("*.deb"):
        shutil.copy(package, machine.file("/srv"))
    site.installed_at = time.monotonic()
    text = site.run(
        "apt-get install -y --no-install-recommends mosquitto mosquitto-clients /srv/*.deb", 180)
    for name in ("hatang-agent", "hatang-aggregator"):
        site.next_lines[name] = _next_lines(site, name, text)
        unit = f"{name}.service"
        site.expect_equal(site.property(unit, "ActiveState"), "inactive", unit)
        site.expect_equal(site.property(unit, "ConditionResult"), "no", f"{unit}: its condition")
        site.expect_equal(site.property(unit, "UnitFileState"), "enabled", unit)
    site.expect_equal(site.run("systemctl --failed --no-legend"), "", "failed units")
    site.run("getent passwd hatang-agent && getent passwd hatang-aggregator")
    timers = " ".join(
        f"hatang-probe-{kind}@modem-1.timer" for kind in ("coverage", "broadband", "service"))
    text = site.run(
        f"systemd-analyze --man=no verify hatang-agent.service hatang-aggregator.service {timers} 2>&1")
    site.expect_equal(text, "", "what systemd-analyze verify says")
    site.run("zcat /usr/share/man/man8/hatang-agent.8.gz | grep -q 'SH COMMANDS'")
    site.run("test -s /usr/share/bash-completion/completions/hatang-aggregator")
    # The local broker took the shipped settings: it listens on loopback, and nowhere else.
    site.run("cmp /etc/mosquitto/conf.d/hatang-agent.conf"
             " /usr/share/hatang/mosquitto/hatang-agent.conf")
    site.run("mosquitto_pub -h 127.0.0.1 -q 1 -t hello -m there")


def wrong_configuration(site):
    """a wrong configuration ends the agent once, names file and line, and is not tried again"""
    site.machine.file("/etc/hatang/agent.json5").write_text(
        '{\n  agent: "kcn-test",\n  uplnk: { host: "127.0.0.1" },\n}\n')
    code, _ = site.machine.attempt("systemctl start hatang-agent")
    site.expect(code != 0, "a wrong configuration was started")
    wait_for("it has failed", lambda: site.property("hatang-agent", "ActiveState") == "failed")
    site.expect_equal(site.property("hatang-agent", "ExecMainStatus"), "78", "its exit status")
    site.expect_equal(site.property("hatang-agent", "NRestarts"), "0", "its restarts")
    text = site.run("journalctl -u hatang-agent -o cat --no-pager")
    site.expect("agent.json5:3: unknown key uplnk; did you mean uplink?" in text, f"the journal says only:\n{text}")
    site.machine.file("/etc/hatang/agent.json5").unlink()


def configure(site):
    """a written configuration starts both; the first measurement has its receipt"""
    machine = site.machine
    machine.file("/etc/hatang/agent.json5").write_text(
        f"""{{
  agent: "{AGENT}",
  local: {{ username: "agent", password_file: "/etc/hatang/local-password" }},
  uplink: {{ host: "127.0.0.1" }},
  textfile: "/var/lib/prometheus/node-exporter/hatang.prom",
}}
""")
    # As docs/install.md says it.
    site.run("cd /var/lib && mkdir -p prometheus/node-exporter"
             " && chgrp hatang-agent prometheus/node-exporter && chmod g+w prometheus/node-exporter")
    # Root's alone: the daemon can read it only as a credential.
    secret = machine.file("/etc/hatang/local-password")
    secret.write_text("secret\n")
    secret.chmod(0o600)
    # Before its first start it says that the start makes the folder, and not what is the start's.
    site.run(site.next_lines["hatang-aggregator"][0])
    code, text = machine.attempt("hatang-aggregator check")
    site.expect(
        code == 1 and "Lần khởi động đầu sẽ tạo: sudo systemctl start hatang-aggregator" in text,
        f"hatang-aggregator check before the first start: {code}, {text}")
    for line in site.next_lines["hatang-aggregator"][1:]:
        site.run(line, 60)
    path = machine.file("/etc/hatang/aggregator.json5")
    path.write_text(
        path.read_text().replace("accept_simulated: false", "accept_simulated: true"))
    site.run("systemctl restart hatang-aggregator && systemctl start hatang-agent", 60)
    # Before its first subscription the broker knows nobody to keep anything for.
    wait_for("the agent has subscribed", lambda: site.status()["local"]["connected"])
    site.publish("xe-00", 1)
    site.wait_received(1)
    wait_for("a receipt in the agent", lambda: site.status()["uplink"]["last_receipt_at"])
    site.first_receipt_seconds = time.monotonic() - site.installed_at
    user = site.run("stat -c %U /proc/$(systemctl show -P MainPID hatang-agent)").strip()
    site.expect_equal(user, "hatang-agent", "the agent's user")
    site.run("setpriv --reuid=nobody --clear-groups grep -q hatang_agent_accepted"
             " /var/lib/prometheus/node-exporter/hatang.prom")
    code, text = machine.attempt("hatang-aggregator check")
    site.expect_equal(code, 0, f"hatang-aggregator check:\n{text}\nended with")


def fleet(site):
    """the simulator's fleet fills the indicators"""
    before = site.received()
    site.run("systemd-run --quiet --unit=fleet hatang-simulator")

    def values():
        rows = {row["code"]: row for row in site.json("hatang-aggregator indicators")["indicators"]}
        return all(rows[code]["value"] is not None for code in ("20.1", "20.2", "7.1"))

    wait_for("20.1, 20.2 and 7.1 have values", values, 120)
    site.run("systemctl stop fleet")
    said = site.run("journalctl -u fleet -o cat --no-pager")
    report = next(
        json.loads(line) for line in said.splitlines() if line.startswith('{"measurements"'))
    site.expect_equal(report["acknowledged"], report["published"], "acknowledged by the broker")
    site.wait_received(before + report["measurements"], 90)


def devices(site):
    """a device on the site's network writes its own measurements, and can do nothing else"""
    # As the file itself says it, word for word, with passwords.
    text = (ROOT / "config/mosquitto/devices.conf").read_text()
    commands = re.findall(r"^#   ([a-z_]+ .*?)(?:   \(.*)?$", text, re.MULTILINE)
    site.expect_equal(len(commands), 5, f"commands in devices.conf: {commands}")
    for command in commands:
        if command.startswith("mosquitto_passwd"):
            site.run(command.replace("-c ", "-b -c ") + " one")
            site.run(command.replace("-c ", "-b ").replace("xe-01", "xe-02") + " two")
        else:
            site.run(command)
    wait_for("the broker answers", lambda: site.machine.attempt(
        "mosquitto_pub -h 127.0.0.1 -q 1 -t hello -m there")[0] == 0)
    before = site.received()
    site.publish("xe-01", 3, 1884, "-u xe-01 -P one")
    site.wait_received(before + 3)
    # Another's name: the broker acknowledges and drops it.
    site.publish("xe-02", 5, 1884, "-u xe-01 -P one")
    site.publish("xe-02", 1, 1884, "-u xe-02 -P two")
    site.wait_received(before + 4)
    for options in ("", "-u xe-01 -P two", "-u nobody -P one"):
        code, output = site.machine.attempt(
            f"mosquitto_pub -h 127.0.0.1 -p 1884 {options} -q 1 -t measure/coverage/xe-01 -m 1")
        site.expect(
            code != 0 and "not authorised" in output,
            f"the broker let '{options}' in: {code}, {output}")
    # It reads nothing, not even its own, while others write.
    reader = site.machine.start("mosquitto_sub -h 127.0.0.1 -p 1884 -u xe-01 -P one -t '#' -W 3")
    site.publish("xe-01", 2)
    site.expect_equal(reader.communicate(timeout=30)[0].replace("Timed out\n", ""), "",
                      "what a device could read")
    # With the agent's own client id it is still only itself, and the agent keeps its session.
    connected = site.status()["local"]["connected"]
    site.publish("xe-01", 2, 1884, f"-i hatang-{AGENT} -u xe-01 -P one")
    site.wait_received(before + 8)
    site.expect(connected and site.status()["local"]["connected"], "the agent lost its session")
    site.expect_equal(
        site.run("journalctl -b -u hatang-agent -o cat --no-pager | grep -c 'taken over' || true")
        .strip(), "0", "sessions taken over")


# MARK: Running


def journal(site):
    """the journal can be filtered by the parts of a line"""
    text = site.run(
        f"journalctl -o json --no-pager HATANG_EVENT=started HATANG_AGENT={AGENT}")
    entries = [json.loads(line) for line in text.splitlines()]
    site.expect(entries, "no entry for HATANG_EVENT=started")
    entry = entries[-1]
    for field, value in (
        ("SYSLOG_IDENTIFIER", "hatang-agent"), ("_SYSTEMD_UNIT", "hatang-agent.service"),
        ("PRIORITY", "5"), ("HATANG_BUFFER", "/var/lib/hatang-agent/buffer.db"),
    ):
        site.expect_equal(entry.get(field), value, f"the journal's {field}")


def reload(site):
    """a reload takes a good configuration and refuses a bad one; a crash starts it again"""
    path = site.machine.file("/etc/hatang/agent.json5")
    good = path.read_text()
    process = site.property("hatang-agent", "MainPID")
    site.run("systemctl reload hatang-agent")
    _wait_event(site, "configuration read again")
    path.write_text(good.replace("uplink", "uplnk"))
    site.run("systemctl reload hatang-agent")
    _wait_event(site, "the configuration stays as it was")
    path.write_text(good)
    wait_for("the unit is active", lambda: site.property("hatang-agent", "SubState") == "running")
    site.expect_equal(site.property("hatang-agent", "MainPID"), process, "the process")
    site.run("systemctl kill -s KILL hatang-agent")
    wait_for("it is back", lambda: site.property("hatang-agent", "SubState") == "running"
             and site.property("hatang-agent", "MainPID") not in ("0", process), 30)
    # The unit's sandbox leaves the id of the boot readable: times are corrected by it.
    boots = site.json("hatang-agent buffer info --json")["boots"]
    site.expect_equal(len(boots), 1, "the boots of a machine that has started once")


def reboot(site):
    """a reboot in the middle: what each hop held arrives, once"""
    before = site.received()
    site.run("systemctl stop hatang-aggregator")
    site.publish("xe-01", 700)
    wait_for("the agent holds them", lambda: site.status()["backlog"] == 700)
    site.run("systemctl stop hatang-agent")
    site.publish("xe-02", 500)
    flood = _Flood(site, 6000)
    flood.wait_for(300)
    flood.expect_running()
    site.machine.reboot()
    flood.send_again()
    site.wait_received(before + 700 + 500 + 6000, 90)


def power_cut(site):
    """a power cut under load: what was on its way arrives, once"""
    before = site.received()
    flood = _Flood(site, 6000)
    wait_for("half of it is there", lambda: site.received() > before + 1500)
    flood.expect_running()
    site.machine.cut_power()
    flood.send_again()
    site.wait_received(before + 6000, 90)


# MARK: Upgrade, downgrade, removal


def upgrade(site):
    """an upgrade keeps configuration, buffer and the place in the stream; so does the way back"""
    before = site.received()
    streams = {each["stream"]: each["next"] for each in site.ledger()["streams"]}
    newer = _repacked(site, "0.1.0+test1")
    configuration = site.machine.file("/etc/hatang/agent.json5").read_bytes()
    site.run("systemctl stop hatang-aggregator")
    site.publish("xe-01", 300)
    wait_for("the agent holds them", lambda: site.status()["backlog"] == 300)
    process = site.property("hatang-agent", "MainPID")
    site.run(f"apt-get install -y {newer}", 120)
    site.expect_equal(
        site.run("dpkg-query -W -f '${Version}' hatang-agent"), "0.1.0+test1", "the version")
    wait_for("the agent runs", lambda: site.property("hatang-agent", "SubState") == "running")
    site.expect(site.property("hatang-agent", "MainPID") != process, "it was not started anew")
    site.run("systemctl start hatang-aggregator")
    site.publish("xe-01", 200)
    site.wait_received(before + 500)
    older = next(path.name for path in site.packages.glob("hatang-agent_*.deb"))
    site.run(f"apt-get install -y --allow-downgrades /srv/{older}", 120)
    site.publish("xe-01", 100)
    site.wait_received(before + 600)
    # On a slow machine the agent may have begun one for live data meanwhile; none is given up.
    after = {each["stream"]: each["next"] for each in site.ledger()["streams"]}
    site.expect(
        all(after.get(stream, -1) >= number for stream, number in streams.items())
        and any(after[stream] > number for stream, number in streams.items()),
        f"the streams were {streams} and are {after}")
    site.expect_equal(
        site.run("ls /var/lib/hatang-agent | grep damaged || true"), "", "files set aside")
    site.expect_equal(
        site.machine.file("/etc/hatang/agent.json5").read_bytes(), configuration,
        "the configuration")


def newer_buffer(site):
    """an older program refuses the buffer of a newer one, says so, and touches nothing"""
    site.run("systemctl stop hatang-agent")
    path = site.machine.file("/var/lib/hatang-agent/buffer.db")
    version_at = 60  # "User version", big endian: the database header of SQLite's file format.
    original = path.read_bytes()
    path.write_bytes(original[:version_at] + bytes([0, 0, 0, 9]) + original[version_at + 4:])
    before = _digests(site, "/var/lib/hatang-agent")
    code, output = site.machine.attempt("hatang-agent run", 30)
    site.expect_equal(code, 1, f"{output}\nthe older program ended with")
    site.expect("install the newer program that wrote it" in output, f"it says: {output}")
    site.expect_equal(_digests(site, "/var/lib/hatang-agent"), before, "the buffer's folder")
    path.write_bytes(original)
    site.run("systemctl start hatang-agent")
    before = site.received()
    site.publish("xe-01", 10)
    site.wait_received(before + 10)


def again(site):
    """purged and installed anew, the agent begins from nothing: its three lines, typed as printed"""
    site.run("apt-get purge -y hatang-agent", 120)
    site.expect_equal(
        site.run("ls -d /var/lib/hatang-agent /etc/mosquitto/*/hatang-* /etc/mosquitto/hatang-*"
                 " /etc/hatang/agent* 2>/dev/null || true"), "", "left of a purged agent")
    site.run("mosquitto_pub -h 127.0.0.1 -q 1 -t hello -m there")
    code, text = site.machine.attempt("mosquitto_pub -h 127.0.0.1 -p 1884 -q 1 -t hello -m there")
    site.expect(code != 0 and "refused" in text, f"the devices' port is open: {code}, {text}")
    site.run(f"hatang-aggregator revoke {AGENT}"
             f" && hatang-aggregator enroll {AGENT} --output /srv/GÓI.hatang")
    package = next(path.name for path in site.packages.glob("hatang-agent_*.deb"))
    text = site.run(f"apt-get install -y /srv/{package}", 120)
    bundle, start, check = _next_lines(site, "hatang-agent", text)
    # As whoever stands in the folder of the bundle types it.
    site.run(f"cd /srv && {bundle}")
    site.run(start)
    # "until every line is green"
    wait_for(f"{check} ends with 0", lambda: site.machine.attempt(check)[0] == 0, 60)
    before = site.received()
    site.publish("xe-00", 25)
    site.wait_received(before + 25)


def remove(site):
    """removed, the packages keep the data; purged, they leave nothing"""
    # As the heads of the files say: this host's mosquitto is the province's for a moment.
    site.run(
        f"cd {province.EXAMPLES} && sed -e '/^# \\[debian\\]$/,+1d' central.conf"
        " >/etc/mosquitto/conf.d/hatang-1-central.conf"
        " && cp central-agents.conf /etc/mosquitto/conf.d/hatang-2-agents.conf"
        " && mv /etc/mosquitto/conf.d/hatang-agent.conf /srv && systemctl restart mosquitto"
        " && mv /srv/hatang-agent.conf /etc/mosquitto/conf.d")
    # Where the examples say that a person puts them.
    site.run("mkdir -p /etc/hatang/mappings && echo secret >/etc/hatang/http-token"
             " && cp /usr/share/hatang/mappings/tasmota-counter.json5 /etc/hatang/mappings")
    timer = "hatang-probe-broadband@line-1.timer"
    site.run(f"systemctl enable --now {timer} && systemctl stop hatang-agent hatang-aggregator")
    kept = _digests(site, "/etc/hatang /var/lib/hatang-*")
    site.run("apt-get remove -y hatang-agent hatang-aggregator hatang-simulator", 120)
    site.expect_equal(site.property(timer, "ActiveState"), "inactive", "the probe's timer")
    for path in (
        "/etc/hatang/agent.json5", "/etc/hatang/population.csv",
        "/var/lib/hatang-agent/buffer.db", "/var/lib/hatang-aggregator/hatang.db",
    ):
        site.expect(f" {path}\n" in kept, f"there was no {path}")
    site.expect_equal(
        _digests(site, "/etc/hatang /var/lib/hatang-*"), kept, "files after the removal")
    site.run("apt-get purge -y hatang-agent hatang-aggregator", 120)
    province.leave(site)
    site.run("rmdir /var/lib/prometheus/node-exporter /var/lib/prometheus && rm -r /srv/*")
    # Names of control groups go when the kernel likes.
    site.expect_equal(
        site.run("find / \\( -path /proc -o -path /sys \\) -prune -o -iname '*hatang*' -print"), "",
        "files left behind")
    site.expect_equal(
        site.run("grep -rl --exclude='*-' hatang /etc /usr/lib/systemd /var/lib/systemd || true"), "",
        "files that still speak of it")
    site.expect_equal(site.run("systemctl --failed --no-legend"), "", "failed units")
    site.run("systemctl restart mosquitto && mosquitto_pub -h 127.0.0.1 -q 1 -t hello -m there")
    site.expect_equal(
        site.run("ls /etc/mosquitto/conf.d").strip(), "README", "mosquitto's folder of settings")


STEPS = [
    alone, install, wrong_configuration, configure, fleet, province.enrol, province.probes, sandbox.sandbox, province.cut,
    province.renew, province.revoke, province.fill, devices, journal, reload, reboot, power_cut,
    upgrade, newer_buffer, again, remove,
]


class _Flood:
    """Numbered samples at 600 a second, cut short by what happens to the machine, and then sent
    once more from the first: the agent stores each once, so exactly so many must arrive."""

    def __init__(self, site, count):
        self.site = site
        # Each flood is a source of its own.
        self.first_ms = int(time.time() * 1000) - count
        self.command = (
            f"hatang-simulator --flood {count} --numbered --source flood-{self.first_ms}"
            f" --first-time {self.first_ms}")
        # A unit of its own, which goes down with the machine and not in its own good time.
        self.unit = f"flood-{self.first_ms}"
        site.run(f"systemd-run --quiet --unit={self.unit} -p KillSignal=SIGKILL"
                 f" {self.command} --rate 600")

    def wait_for(self, count):
        """Until so many more are seen at the local broker, whoever else is there or not."""
        self.site.run(
            f"mosquitto_sub -h 127.0.0.1 -t measure/coverage/flood-{self.first_ms} -C {count}"
            " -W 30 >/dev/null", 40)

    def expect_running(self):
        self.site.expect_equal(
            self.site.property(self.unit, "SubState"), "running", "the flood before the cut")

    def send_again(self):
        self.site.run(self.command, 60)


def _wait_event(site, event):
    wait_for(event, lambda: site.run(
        f"journalctl -u hatang-agent -o cat --no-pager HATANG_EVENT='{event}'").strip(), 30)


def _repacked(site, version):
    """The agent's package once more, with a higher version. Its path in the machine."""
    folder = site.machine.folder / "repacked"
    original = next(iter(site.packages.glob("hatang-agent_*.deb")))
    quiet(["dpkg-deb", "--raw-extract", str(original), str(folder)], seconds=60)
    control = folder / "DEBIAN/control"
    control.write_text(
        re.sub(r"^Version: .*$", f"Version: {version}", control.read_text(), flags=re.MULTILINE))
    target = site.machine.file("/srv/newer.deb")
    quiet(["dpkg-deb", "--root-owner-group", "-b", str(folder), str(target)], seconds=60)
    return "/srv/newer.deb"


def _digests(site, folders):
    # A lock holds the id of the process that had it last.
    return site.run(f"find {folders} -type f ! -name '*.lock' | sort | xargs sha256sum")


def _next_lines(site, package, text):
    """The commands of the three lines in which a package says what to do next."""
    lines = re.findall(rf"^{package}: ([123])\. .*: sudo (.*)$", text, re.MULTILINE)
    site.expect_equal(
        [number for number, _ in lines], ["1", "2", "3"],
        f"lines of {package} that say what to do next in\n{text}\nThey")
    return [command for _, command in lines]
