"""The sandbox of each unit, tried from inside. taken_over.py stands in the place of the unit's own
program; nothing else of the unit is changed. It runs three times: in the unit as shipped; in the
unit with its directives taken back, so as the unit's user alone; and as root. An attempt that not
even root is let do proves nothing here, and is called so. docs/security.md holds the results, and
has to agree with what is found."""

import json
import re

from machine import ROOT, Failure, wait_for

UNITS = {
    "agent": "hatang-agent.service",
    "aggregator": "hatang-aggregator.service",
    "service": "hatang-probe-service@taken-over.service",
    "coverage": "hatang-probe-coverage@taken-over.service",
    "broadband": "hatang-probe-broadband@taken-over.service",
}
STATES = {name: "/var/lib/hatang-agent" for name in UNITS}
STATES["aggregator"] = "/var/lib/hatang-aggregator"
TEXTFILES = "/var/lib/prometheus/node-exporter"
# /tmp and /var/tmp are the unit's own; /dev/shm is not, but nothing can be started from it.
WRITABLE = {
    name: sorted(
        ["/dev/shm", "/tmp", "/var/tmp", STATES[name]]
        + (["/run/hatang-agent"] if name == "agent" else [])
        + ([TEXTFILES] if name != "aggregator" else []))
    for name in UNITS
}
# The one program that the script needs; whatever else the unit says of programs stays.
PROGRAM = """[Unit]
ConditionPathExists=
[Service]
ExecStart=
ExecStart=/usr/bin/python3 /srv/taken_over.py
ExecPaths={python}
Restart=no
"""
# Every directive of the sandbox, taken back.
ALONE = """
CapabilityBoundingSet=~
AmbientCapabilities=
NoNewPrivileges=no
ProtectSystem=no
ProtectHome=no
PrivateTmp=no
PrivateDevices=no
DevicePolicy=auto
PrivateMounts=no
PrivateUsers=no
ProtectClock=no
ProtectControlGroups=no
ProtectHostname=no
ProtectKernelLogs=no
ProtectKernelModules=no
ProtectKernelTunables=no
ProtectProc=default
ProcSubset=all
KeyringMode=inherit
LockPersonality=no
MemoryDenyWriteExecute=no
RemoveIPC=no
RestrictAddressFamilies=
RestrictNamespaces=no
RestrictRealtime=no
RestrictSUIDSGID=no
SystemCallArchitectures=
SystemCallFilter=
InaccessiblePaths=
NoExecPaths=
ExecPaths=
"""


def sandbox(site):
    """each unit's sandbox, tried from inside: what a program that was taken over writes, reads, starts"""
    machine = site.machine
    machine.file("/srv/taken_over.py").write_text(
        (ROOT / "Tests/install/taken_over.py").read_text())
    site.run(
        "mkdir -p /home/other /srv/taken-over && echo secret >/home/other/letter"
        " && cp /bin/sh /srv/setuid-sh && chmod 4755 /srv/setuid-sh"
        " && touch /tmp/of-the-machine && chmod a+rx /home/other && chmod a+r /home/other/letter"
        " && chmod 0700 /root && systemctl stop hatang-agent hatang-aggregator")
    site.run("systemd-run --quiet --wait --unit=taken-over-by-root python3 /srv/taken_over.py", 60)
    by_root = _said(site, "taken-over-by-root")["attempts"]
    table, written = {}, {}
    for name, unit in UNITS.items():
        alone = _in_place_of(site, unit, ALONE)["attempts"]
        shipped = _in_place_of(site, unit, "")
        written[name] = shipped["writable"]
        for attempt, result in shipped["attempts"].items():
            table.setdefault(attempt, []).append(
                _held_by(result, alone[attempt], by_root[attempt]))
    site.run(
        "rm -r /home/other /srv/setuid-sh /srv/taken-over /tmp/of-the-machine"
        " && systemctl daemon-reload && systemctl start hatang-agent hatang-aggregator")
    site.expect_equal(written, WRITABLE, "folders that each unit can write into")
    found = [f"| {text} | {' | '.join(cells)} |" for text, cells in table.items()]
    documented = re.search(
        r"^\| tried from inside \|.*\n\|[-|]+\|\n((?:\|.*\n)+)",
        (ROOT / "docs/security.md").read_text(), re.MULTILINE)
    if not documented or documented[1].splitlines() != found:
        raise Failure(
            "docs/security.md does not say what was found:\n"
            + f"| tried from inside | {' | '.join(UNITS)} |\n|{'---|' * (len(UNITS) + 1)}\n"
            + "\n".join(found))
    wait_for("the agent delivers again", lambda: site.status()["uplink"]["connected"])


def _held_by(shipped, alone, by_root):
    if shipped == "open":
        return "**open**"
    if not re.fullmatch(r"E[A-Z]+", shipped):
        raise Failure(f"an attempt ended with {shipped}")
    if alone == "open":
        return "unit"
    return "user" if by_root == "open" else "–"


def _in_place_of(site, unit, directives):
    """What the script says as that unit, with these directives besides."""
    folder = f"/run/systemd/system/{unit}.d"
    python = site.run("readlink -f /usr/bin/python3").strip()
    text = PROGRAM.format(python=python) + directives
    path = site.machine.file(f"/srv/{unit}.conf")
    path.write_text(text)
    site.run(
        f"mkdir -p {folder} && cp /srv/{unit}.conf {folder}/taken-over.conf"
        " && systemctl daemon-reload")
    code, said = site.machine.attempt(f"systemctl start {unit}", 60)
    if code != 0:
        raise Failure(f"{said}{site.run(f'journalctl -u {unit} -n 20 -o cat --no-pager')}")
    found = _said(site, unit)
    site.run(f"systemctl stop {unit} && rm -r {folder} /srv/{unit}.conf && systemctl daemon-reload")
    return found


def _said(site, unit):
    def last():
        lines = site.run(f"journalctl -u {unit} -o cat --no-pager | grep '^TRIED ' || true")
        return lines.splitlines()[-1:]

    return json.loads(wait_for(f"what was tried as {unit}", last, 30)[0].removeprefix("TRIED "))
