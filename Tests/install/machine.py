"""A Debian 12 of the test's own: debootstrap once, an overlay for each run, systemd-nspawn as its
hardware. Nothing of it is left behind, and the host's network is out of its reach."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".build" / "install"
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
# What the packages need of Debian; fetched once, so that apt needs no network later.
NEEDED = (
    "mosquitto mosquitto-clients libmosquitto1 libsqlite3-0 libmicrohttpd12 libstdc++6 ucf "
    "iproute2 openssl iperf3 iputils-ping curl modemmanager polkitd python3-dbusmock"
)


class Failure(Exception):
    """What was not as it has to be."""


def wait_for(what, condition, seconds=60):
    """The condition's first true value; a failure when it does not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise Failure(f"after {seconds} s still not: {what}")


def base():
    """The folder with a Debian 12 that nobody has booted; made where it is missing."""
    # Another list, another machine.
    folder = CACHE / f"debian-12-{zlib.crc32((NEEDED + MIRROR).encode()):08x}"
    if folder.exists():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    print("making a Debian 12 (once; it is kept in .build/install)", flush=True)
    fresh = pathlib.Path(tempfile.mkdtemp(prefix="new-", dir=CACHE))
    try:
        quiet(
            ["debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus",
             "bookworm", str(fresh), MIRROR], seconds=1200)
        shutil.copy("/etc/resolv.conf", fresh / "etc/resolv.conf")
        (fresh / "etc/apt/sources.list").write_text(f"deb {MIRROR} bookworm main\n")
        quiet(
            ["chroot", str(fresh), "sh", "-c",
             "apt-get update && apt-get install -y --no-install-recommends --download-only "
             + NEEDED], seconds=600)
        # A machine is told from another by it; systemd makes one at the first boot.
        (fresh / "etc/machine-id").write_text("")
        fresh.chmod(0o755)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def quiet(command, seconds):
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=seconds)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


class Machine:
    """One container. `boot`, `run`, `reboot`, `cut_power`, and `remove` whatever happened."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hatang-install."))
        self.root = self.folder / "root"
        self.name = f"hatang-install-{os.getpid()}"
        self.nspawn = None
        self.leader = None
        self.is_mounted = False
        lower = base()
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir()
        quiet(
            ["mount", "-t", "overlay", "overlay", "-o",
             f"lowerdir={lower},upperdir={self.folder}/upper,workdir={self.folder}/work",
             str(self.root)], seconds=30)
        self.is_mounted = True

    def boot(self):
        with open(self.folder / "console.log", "ab") as log:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
                 "--private-network", "--settings=no", "--link-journal=no",
                 # To ask for the clock's state, as on a host of its own; setting it is denied.
                 "--system-call-filter=adjtimex clock_adjtime",
                 "--console=pipe", f"--directory={self.root}",
                 f"--machine={self.name}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self._wait_until_up()

    def reboot(self):
        """In order, as `reboot` does it."""
        self.run("systemctl --no-block reboot")
        code = self.nspawn.wait(timeout=90)
        # With --keep-unit nspawn asks by it to be started again.
        if code != 133:
            raise Failure(f"the machine was to reboot, but nspawn ended with {code}")
        self.boot()

    def cut_power(self):
        """Every process is gone at once. What the kernel had taken to write is written."""
        os.kill(self.leader, signal.SIGKILL)
        self.nspawn.wait(timeout=30)
        self.boot()

    def attempt(self, command, seconds=60, stdin=None):
        """Exit code and output of a shell command in the machine."""
        done = subprocess.run(
            self._inside(command), input=stdin, capture_output=True, text=True, errors="replace",
            timeout=seconds)
        return done.returncode, done.stdout + done.stderr

    def run(self, command, seconds=60, stdin=None):
        """Its output; a failure where it does not end with 0."""
        code, output = self.attempt(command, seconds, stdin)
        if code != 0:
            raise Failure(f"{command}\nended with {code}:\n{output}")
        return output

    def start(self, command):
        """A process in the machine that the caller waits for. None may be left at a reboot: what
        is entered from outside is stopped with the rest, and nobody lets it go on and end."""
        return subprocess.Popen(
            self._inside(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def drop_packets_of_wan(self):
        """From outside, as the machine has no nft: nothing passes wan0, and nobody is told."""
        rules = "".join(
            f"chain {name} {{ type filter hook {name} priority 0; {side} wan0 drop; }}\n"
            for name, side in (("input", "iifname"), ("output", "oifname")))
        self._nft(f"table inet cut {{\n{rules}}}\n")

    def pass_packets(self):
        self._nft("delete table inet cut\n")

    def _nft(self, rules):
        done = subprocess.run(
            ["nsenter", "-t", str(self.leader), "-n", "--", "nft", "-f", "-"], input=rules,
            capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            raise Failure(f"nft: {done.stderr}")

    def file(self, path):
        """A path of the machine, seen from the host."""
        return self.root / path.lstrip("/")

    def last_words(self):
        """For the reader of a failure."""
        text = ""
        if self.leader and _is_alive(self.leader):
            command = (
                "systemctl --failed --no-legend --no-pager;"
                "journalctl -n 40 --no-pager -o short-monotonic -u hatang-agent"
                " -u hatang-aggregator -u mosquitto -u central")
            try:
                text = self.attempt(command, 20)[1]
            except (subprocess.TimeoutExpired, OSError):
                pass
        console = self.folder / "console.log"
        if console.exists():
            text += console.read_text(errors="replace")[-1500:]
        return text

    def remove(self):
        if self.nspawn and self.nspawn.poll() is None:
            if self.leader and _is_alive(self.leader):
                os.kill(self.leader, signal.SIGKILL)
            try:
                self.nspawn.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self.root)], check=True)
            self.is_mounted = False
        # nspawn leaves it where /run is no file system of its own.
        shutil.rmtree(f"/run/systemd/nspawn/propagate/{self.name}", ignore_errors=True)
        shutil.rmtree(self.folder)

    def _inside(self, command):
        return [
            "nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w",
            "--", "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command]

    def _wait_until_up(self):
        def leader():
            if self.nspawn.poll() is not None:
                raise Failure("systemd-nspawn ended by itself")
            for child in _children(self.nspawn.pid):
                if _name(child) == "systemd":
                    return child
            return None

        self.leader = wait_for("the machine has an init", leader)

        def is_up():
            code, output = self.attempt("systemctl is-system-running", 20)
            return output.split()[-1:] in (["running"], ["degraded"])

        wait_for("the machine is up", is_up, 90)


def _children(process):
    try:
        return [
            int(word) for word in
            pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def _name(process):
    try:
        return pathlib.Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


def _is_alive(process):
    return pathlib.Path(f"/proc/{process}").exists()
