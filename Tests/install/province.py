"""The province at the other end of a line: a network namespace of its own in the machine, with the
central broker, the aggregator and the servers that probes measure against. The line is shaped to
known rates; the site reaches the province by nothing else."""

import json
import re
import time

from machine import ROOT, Failure, wait_for

AGENT = "kcn-test"
BROKER = "mqtt.example.vn"
FAR = "10.99.0.2"
FAR_OF_MODEM = "10.99.1.2"
DOWN_MBPS, UP_MBPS = 100, 40
DELIVERS = "Đang thu thập và đang gửi về tỉnh."
KEEPS = "Đang thu thập, nhưng chưa gửi về tỉnh được; số đo được giữ ở đây."
# What a check sends waits with the rest where it cannot be delivered, and counts as received.
CHECK_RECORD = 1
NOBODY = "setpriv --reuid=nobody --clear-groups "
INSIDE = "nsenter --net=/run/netns/province "
EXAMPLES = "/usr/share/doc/hatang-aggregator/examples"
# The site's part; what a technician would write after docs/probes.md.
PROBES = f"""
  probes: {{
    coverage: {{ "modem-1": {{
      position: {{ lat: 20.541, lon: 105.913, accuracy: 5 }}, traffic: {{ ping: "{FAR_OF_MODEM}" }},
    }} }},
    broadband: {{ "line-1": {{
      line: "HNM-0001", area: "phu-ly", interface: "wan0", servers: ["{FAR}"],
      provisioned_down_bps: 100000000, offered_down_bps: 1000000000,
    }} }},
    service: {{ "dvc": {{
      url: "http://{FAR_OF_MODEM}:8080/metrics", format: "prometheus", area: "phu-ly",
      counters: [
        {{ counter: "dossiers_received", from: "dvc_dossiers_total" }},
        {{ counter: "dossiers_received_online", from: 'dvc_dossiers_total{{channel="online"}}' }},
      ],
    }},
    "rights": {{
      command: ["/bin/sh", "-c", "test $(id -un) = hatang-agent && echo n 1"],
      counters: [{{ counter: "payments", from: "n" }}],
    }} }},
  }},
}}
"""

# Frames of 9,000 bytes: TCP's payload is 99 % of what the shaper counts.
LINES = f"""#!/bin/sh
set -e
ip netns add province
number=0
for line in wan wwan; do
  ip link add ${{line}}0 mtu 9000 type veth peer name ${{line}}1 mtu 9000 netns province
  ip addr add 10.99.$number.1/24 dev ${{line}}0
  ip -n province addr add 10.99.$number.2/24 dev ${{line}}1
  ip link set ${{line}}0 up
  ip -n province link set ${{line}}1 up
  number=$((number + 1))
done
ip -n province link set lo up
tc qdisc add dev wan0 root tbf rate {UP_MBPS}mbit burst 64kb latency 50ms
tc -n province qdisc add dev wan1 root tbf rate {DOWN_MBPS}mbit burst 64kb latency 50ms
"""

UNITS = {
    "province.service": """[Unit]
Before=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /srv/lines.sh
[Install]
WantedBy=multi-user.target
""",
    # Debian's unit of mosquitto once more; on a host of its own the folders are the usual ones.
    "central.service": """[Unit]
Requires=province.service
After=province.service mosquitto.service
[Service]
Type=notify
NetworkNamespacePath=/run/netns/province
BindPaths=/srv/central/conf.d:/etc/mosquitto/conf.d /srv/central/lib:/var/lib/mosquitto
BindPaths=/srv/central/run:/run/mosquitto /srv/central/log:/var/log/mosquitto
ExecStart=/usr/sbin/mosquitto -c /etc/mosquitto/mosquitto.conf
[Install]
WantedBy=multi-user.target
""",
    "hatang-aggregator.service.d/province.conf": """[Unit]
Requires=province.service
After=province.service central.service
[Service]
NetworkNamespacePath=/run/netns/province
""",
}


def enrol(site):
    """a bundle of the province's own authority: in place, check green, delivery over TLS"""
    machine = site.machine
    site.run(
        "systemctl mask ModemManager && apt-get install -y --no-install-recommends iproute2 iperf3"
        " iputils-ping curl modemmanager polkitd python3-dbusmock", 180)
    _make_province(site)
    settings = machine.file("/etc/hatang/aggregator.json5")
    text = settings.read_text()
    # So short that it is to be renewed at once.
    for old, new in (
        ("// agent_days: 730,", "agent_days: 20,"),
        ('// restart_broker: ["systemctl", "restart", "mosquitto"],',
         'restart_broker: ["systemctl", "restart", "central"],'),
    ):
        site.expect_equal(text.count(old), 1, f"'{old}' in aggregator.json5")
        text = text.replace(old, new)
    settings.write_text(text)
    site.run("hatang-aggregator init-ca")
    # As the heads of central.conf and central-agents.conf say it; conf.d is the province's own.
    site.run(
        f"sed -e '/^# \\[debian\\]$/,+1d' {EXAMPLES}/central.conf"
        " >/srv/central/conf.d/hatang-1-central.conf"
        f" && cp {EXAMPLES}/central-agents.conf /srv/central/conf.d/hatang-2-agents.conf"
        f" && cp {EXAMPLES}/central.acl /etc/mosquitto/hatang/central.acl"
        " && systemctl enable --now central && systemctl restart hatang-aggregator")
    code, text = machine.attempt(INSIDE + "hatang-aggregator check")
    site.expect_equal(code, 0, f"hatang-aggregator check:\n{text}\nended with")

    said = site.run(f"hatang-aggregator enroll {AGENT} --area phu-ly --site 'Tủ thử'"
                    f" --output /srv/{AGENT}.hatang")
    site.expect("✓ Trang vận hành ghi trạm ở: Tủ thử, địa bàn phu-ly" in said, f"enroll: {said}")
    before = machine.file("/etc/hatang/agent.json5").read_bytes()
    code, text = machine.attempt(
        f"chmod 0644 /srv/{AGENT}.hatang && hatang-agent enroll /srv/{AGENT}.hatang")
    site.expect(
        code != 0 and machine.file("/etc/hatang/agent.json5").read_bytes() == before
        and not machine.file("/etc/hatang/agent.key").exists(),
        f"a bundle that others may read was taken: {code}, {text}")
    site.run(f"chmod 0600 /srv/{AGENT}.hatang"
             f" && hatang-agent enroll --no-check /srv/{AGENT}.hatang"
             " && systemctl reload-or-restart hatang-agent")
    site.expect_equal(
        site.run("stat -c '%U %G %a' /etc/hatang/agent.key").strip(), "root hatang-agent 640",
        "the key's owner, group and mode")
    _wait_connected(site)
    site.expect_equal(site.status()["uplink"]["broker"], f"{BROKER}:8883", "the uplink")
    before = site.received()
    site.publish("xe-00", 50)
    site.wait_received(before + 50)
    log = machine.file("/srv/central/log/mosquitto.log").read_text()
    site.expect(re.search(rf"New client connected from 10\.99\.0\.1:.*u'{AGENT}'", log),
                f"the central broker does not know the agent by its certificate:\n{log[-1500:]}")
    results = _check(site)
    site.expect_equal(_red(results), [], f"red lines of check in {results}; they")
    site.expect_equal(results["certificate"], "warning", "check of a certificate of 20 days")
    for part in ("files", "uplink_tls", "uplink", "uplink_acl", "record"):
        site.expect_equal(results[part], "passed", f"check of {part}")
    # Nobody needs root, or the key, to see how it is.
    code, text = machine.attempt(NOBODY + "hatang-agent status")
    site.expect(code == 0 and text.startswith(DELIVERS), f"status, asked by nobody: {code}, {text}")


def probes(site):
    """the three probes under their units: a played modem, a shaped line, a counter's page"""
    machine = site.machine
    machine.file("/srv/modem_manager.py").write_text(
        (ROOT / "Tests/Resources/probes/modem_manager.py").read_text())
    site.run("systemd-run --quiet --unit=modem python3 /srv/modem_manager.py"
             " unix:path=/run/dbus/system_bus_socket nr-nsa")
    machine.file("/srv/desk").mkdir()
    page = machine.file("/srv/desk/metrics")
    page.write_text(_dossiers(900, 300))
    in_province = "systemd-run --quiet -p NetworkNamespacePath=/run/netns/province"
    site.run(f"{in_province} --unit=desk python3 -m http.server 8080 --directory /srv/desk"
             f" && {in_province} --unit=far-iperf3 iperf3 -s")
    wait_for("the modem is played", lambda: "/Modem/0" in machine.attempt("mmcli -L")[1], 30)
    wait_for("the desk answers", lambda: machine.attempt(
        f"curl -sf http://{FAR_OF_MODEM}:8080/metrics")[0] == 0, 30)
    _polkit(site)
    path = machine.file("/etc/hatang/agent.json5")
    text = path.read_text().rstrip().removesuffix("}").rstrip().removesuffix(",")
    path.write_text(text + "," + PROBES)
    results = _check(site)
    site.expect_equal(_red(results), [], f"red lines of check in {results}; they")
    # The last sees to it that root's check measures as the service does.
    for name in ("coverage_modem-1", "broadband_line-1", "service_dvc", "service_rights"):
        site.expect_equal(results[f"probe_{name}"], "passed", f"check of {name}")

    before = site.received()
    began = time.time()
    figures = _indicators(site)
    for unit in ("service@dvc", "coverage@modem-1", "broadband@line-1"):
        _probe(site, unit, 90)
    page.write_text(_dossiers(1100, 340))
    _probe(site, "service@dvc", 30)
    site.wait_received(before + 2 + 1 + 1 + 2)
    said = site.run("journalctl -o cat --no-pager HATANG_PROBE=modem-1")
    site.expect("nr-nsa, SS-RSRP -98.50 dBm" in said, f"the coverage probe says: {said}")
    said = site.run("journalctl -o cat --no-pager HATANG_PROBE=line-1")
    rates = re.search(r"/ down ([\d.]+), up ([\d.]+) Mbit/s", said)
    site.expect(rates, f"the broadband probe says: {said}")
    for rate, wanted in zip(rates.groups(), (DOWN_MBPS, UP_MBPS)):
        site.expect(abs(float(rate) / wanted - 1) <= 0.05,
                    f"{rate} Mbit/s measured on a line of {wanted}")
    print(f"  measured {rates[1]} and {rates[2]} Mbit/s of {DOWN_MBPS} and {UP_MBPS}")

    def arrived():
        after = _indicators(site)
        return (
            # What the page counted in between, exactly, on top of the fleet's.
            after["7.1"]["numerator"] == figures["7.1"]["numerator"] + 200
            and after["7.1"]["denominator"] == figures["7.1"]["denominator"] + 240
            # Nothing else was published since.
            and all(_seconds(after[code]["newest"]) >= int(began) for code in ("20.1", "20.2")))

    wait_for("7.1 counts the desk's dossiers, 20.1 and 20.2 the other probes", arrived, 30)
    said = site.run(NOBODY + "hatang-agent status")
    site.expect("service dvc: không đọc được, chạy bằng sudo" in said,
                f"status, asked by nobody, says of the probes: {said}")
    _timer(site, "coverage@modem-1")


def cut(site):
    """the line is cut under load, by the plug and in silence, and comes back: nothing lost or doubled"""
    _cut(site, "plug", lambda: site.run("ip -n province link set wan1 down"),
         lambda: site.run("ip -n province link set wan1 up"))
    _cut(site, "silence", site.machine.drop_packets_of_wan, site.machine.pass_packets)


def _cut(site, name, off, on):
    """No process is touched: what the one side sends, the other never sees, in both directions."""
    before = site.received()
    first_ms = int(time.time() * 1000) - 6000
    site.run(
        f"systemd-run --quiet --unit=flow-{name} hatang-simulator --flood 6000 --numbered"
        f" --source flow-{name} --first-time {first_ms} --rate 300")
    wait_for("some of it is there", lambda: site.received() > before + 300)
    site.expect_equal(_first_sentence(site), DELIVERS, "the first sentence before the cut")
    off()
    began = time.monotonic()
    for where, far in (("", FAR), (INSIDE, "10.99.0.1")):
        code, text = site.machine.attempt(f"{where} ping -c 1 -W 1 {far}")
        site.expect(code != 0, f"the line is cut, but {where}ping {far} got through:\n{text}")
    site.expect_equal(site.property(f"flow-{name}", "SubState"), "running", "the flow at the cut")
    held = site.status()["backlog"]
    # 20 s is what docs/technician.md promises; the look itself takes a moment.
    wait_for("status says that nothing is delivered",
             lambda: _first_sentence(site) == KEEPS, 21)
    told = time.monotonic() - began
    wait_for("the buffer grows", lambda: site.status()["backlog"] > held)
    wait_for("the flow ends", lambda: site.property(f"flow-{name}", "SubState") != "running", 60)
    results = _check(site, 69)
    # The server of the speed test is at the other end, too; where the line looks busy, it is not
    # asked for.
    red = [part for part in _red(results) if "broadband" not in part]
    site.expect_equal(red, ["record", "uplink_tcp"], "red lines of check")
    arrived, held = site.received(), site.status()["backlog"]
    site.expect(held > 1000, f"the agent keeps only {held}")
    on()
    site.wait_received(before + 6000 + CHECK_RECORD, 90)
    site.expect_equal(_first_sentence(site), DELIVERS, "the first sentence after the cut")
    print(f"  {name}: status said so after {told:.0f} s; {arrived - before} had arrived, "
          f"{held} waited; {time.monotonic() - began:.0f} s from the cut until all was there")


def _first_sentence(site):
    return site.machine.attempt("hatang-agent status")[1].splitlines()[0].strip()


def renew(site):
    """a renewal by a bundle without a secret: the running agent goes on with it"""
    settings = site.machine.file("/etc/hatang/aggregator.json5")
    settings.write_text(settings.read_text().replace("agent_days: 20,", "agent_days: 730,"))
    old = _certificate(site)
    site.run(f"hatang-aggregator renew {AGENT} --output /srv/renewal.hatang"
             " && ! grep -q 'PRIVATE KEY' /srv/renewal.hatang"
             " && hatang-agent enroll --no-check /srv/renewal.hatang"
             " && systemctl reload hatang-agent")
    wait_for("the province sees the new certificate's end",
             lambda: _certificate(site)[:10] > old[:10], 30)
    _wait_connected(site)
    before = site.received()
    site.publish("xe-00", 20)
    site.wait_received(before + 20)
    results = _check(site)
    site.expect_equal(_red(results), [], f"red lines of check in {results}; they")
    site.expect_equal(results["certificate"], "passed", "check of the renewed certificate")


def revoke(site):
    """a revoked agent gets in nowhere; enrolled anew, it delivers what it kept"""
    before = site.received()
    site.run(f"hatang-aggregator revoke {AGENT}")
    wait_for("the agent is not let in", lambda: site.status()["uplink"]["trouble"]
             and not site.status()["uplink"]["connected"], 30)
    site.publish("xe-00", 30)
    wait_for("the agent keeps them", lambda: site.status()["backlog"] == 30)
    results = _check(site, 69)
    site.expect("uplink" in _red(results), f"check of a revoked agent says {results}")
    tls = ("--cafile /etc/hatang/ca.pem --cert /etc/hatang/agent.pem --key /etc/hatang/agent.key"
           f" -h {BROKER} -p 8883 -V 5")
    for words in (
        f"mosquitto_pub {tls} -q 1 -t hatang/v1/{AGENT}/batch -m x",
        f"mosquitto_pub {tls} -q 1 -t hatang/v1/other/status -m x",
        f"mosquitto_sub {tls} -W 5 -C 1 -t '#'",
    ):
        code, text = site.machine.attempt(words)
        site.expect(code not in (0, 27), f"the broker let the revoked agent in: {words}: {text}")
    site.expect_equal(site.received(), before, "measurements received of a revoked agent")
    site.run(f"hatang-aggregator enroll {AGENT} --area phu-ly --output /srv/again.hatang"
             " && hatang-agent enroll --no-check /srv/again.hatang"
             " && systemctl reload-or-restart hatang-agent")
    _wait_connected(site)
    site.wait_received(before + 30 + CHECK_RECORD)


def fill(site):
    """the buffer's disk is filled while measurements arrive: the broker holds them; freed, all come"""
    folder = "/var/lib/hatang-agent"
    path = site.machine.file("/etc/hatang/agent.json5")
    original = path.read_text()
    text = original.rstrip().removesuffix("}").rstrip().removesuffix(",")
    path.write_text(text + ",\n  buffer: { min_free_bytes: 8000000 },\n}\n")
    # A small disk of its own, with room for twice the buffer.
    site.run(
        f"systemctl stop hatang-agent && cp -a {folder} /srv/kept"
        f" && bytes=$(du -sb {folder} | cut -f 1)"
        f" && mount -t tmpfs -o size=$((bytes * 2 + 32000000)) small {folder}"
        f" && cp -a /srv/kept/. {folder} && systemctl start hatang-agent")
    before = site.received()
    site.publish("xe-00", 20)
    site.wait_received(before + 20)
    code, text = site.machine.attempt(f"dd if=/dev/zero of={folder}/filler bs=64k")
    site.expect("No space left on device" in text, f"the disk is not full: {code}, {text}")
    site.publish("xe-00", 800)
    wait_for("the agent has paused", lambda: site.status()["paused_reason"], 30)
    results = _check(site, 1)
    for part in ("disk", "daemon"):
        site.expect(part in _red(results), f"{part} is not red with a full disk: {results}")
    site.expect_equal(site.received(), before + 20, "measurements received of a full disk")
    site.run(f"rm {folder}/filler")
    wait_for("the agent goes on", lambda: not site.status()["paused_reason"])
    site.wait_received(before + 20 + 800 + CHECK_RECORD)
    path.write_text(original)
    site.run(
        f"systemctl stop hatang-agent && rm -r /srv/kept && cp -a {folder} /srv/kept"
        f" && umount {folder} && rm -rf {folder}/* && cp -a /srv/kept/. {folder}"
        " && systemctl start hatang-agent")
    site.publish("xe-00", 10)
    site.wait_received(before + 20 + 800 + CHECK_RECORD + 10)


def leave(site):
    """Takes the test's own parts away, as no package does."""
    names = " ".join(f"/etc/systemd/system/{name}" for name in UNITS)
    site.run(
        "systemctl disable --now central province && ip netns del province"
        f" && rm -r {names} /etc/systemd/system/hatang-aggregator.service.d"
        " && systemctl unmask ModemManager && systemctl daemon-reload")


# MARK: Helpers


def _make_province(site):
    machine = site.machine
    machine.file("/srv/lines.sh").write_text(LINES)
    for name, text in UNITS.items():
        path = machine.file(f"/etc/systemd/system/{name}")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    site.run(
        "mkdir -p /srv/central/conf.d && cd /srv/central && mkdir lib run log"
        f" && chown mosquitto: lib run log && echo '{FAR} {BROKER}' >>/etc/hosts"
        " && systemctl daemon-reload && systemctl enable --now province")


def _wait_connected(site):
    wait_for("the uplink is connected", lambda: site.status()["uplink"]["connected"])


def _check(site, code=0):
    """The worst result of each part."""
    found, text = site.machine.attempt("hatang-agent check --json 2>/dev/null", 60)
    try:
        checks = json.loads(text)["checks"]
    except ValueError as error:
        raise Failure(f"hatang-agent check --json: {error}:\n{text}") from error
    order = ["passed", "warning", "failed"]
    results = {}
    for each in checks:
        part, result = each["check"], each["result"]
        results[part] = max(results.get(part, "passed"), result, key=order.index)
    site.expect_equal(found, code, f"hatang-agent check:\n{text}\nended with")
    return results


def _red(results):
    return sorted(part for part, result in results.items() if result == "failed")


def _probe(site, name, seconds):
    unit = f"hatang-probe-{name}.service"
    code, text = site.machine.attempt(f"systemctl start {unit}", seconds)
    if code != 0:
        text += site.run(f"journalctl -u {unit} -n 20 -o cat --no-pager")
    site.expect_equal(
        (code, site.property(unit, "Result")), (0, "success"), f"{text}\nthe run of {unit}")


def _timer(site, name):
    """A shipped timer, with a shorter wait alone, starts its probe by itself."""
    timer = f"hatang-probe-{name}.timer"
    drop_in = f"/run/systemd/system/{timer}.d"
    before = site.received()
    site.run(
        f"mkdir -p {drop_in} && printf '[Timer]\\nOnCalendar=\\nOnActiveSec=1s\\n"
        f"RandomizedDelaySec=0\\n' >{drop_in}/short.conf"
        f" && systemctl daemon-reload && systemctl start {timer}")
    site.wait_received(before + 1, 60)
    site.expect(site.property(timer, "LastTriggerUSec") not in ("", "n/a"), f"{timer} never fired")
    site.run(f"systemctl stop {timer} && rm -r {drop_in} && systemctl daemon-reload")


def _polkit(site):
    """The shipped rule, asked of the real polkit: the played ModemManager asks nobody."""
    for user, wanted in (("hatang-agent", 0), ("nobody", 1)):
        for action in ("Device.Control", "Location"):
            code, text = site.machine.attempt(
                f"setpriv --reuid={user} --regid={user if user != 'nobody' else 'nogroup'}"
                " --clear-groups sh -c 'pkcheck --process $$"
                f" --action-id org.freedesktop.ModemManager1.{action}'")
            site.expect_equal(
                min(code, 1), wanted, f"polkit, {user}, {action}: {text}\nended with")


def _indicators(site):
    rows = site.json("hatang-aggregator indicators")["indicators"]
    return {row["code"]: row for row in rows}


def _certificate(site):
    agents = site.json("hatang-aggregator agents")["agents"]
    return next(row["certificate_expires"] for row in agents if row["agent"] == AGENT)


def _seconds(text):
    return time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


def _dossiers(online, counter):
    return (f'dvc_dossiers_total{{channel="online"}} {online}\n'
            f'dvc_dossiers_total{{channel="counter"}} {counter}\n')
