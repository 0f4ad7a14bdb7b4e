"""What a program that was taken over would try. Runs in the place of a unit's own program, with
everything else of the unit as it is, and prints one line of JSON: {attempt: "open" or why not}.
Nothing that it does harms the machine where it is let: it is run as root without a sandbox, too,
which shows that each attempt is one."""

import ctypes
import errno
import json
import mmap
import os
import platform
import signal
import socket
import stat
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
# Without a function in the C library.
NUMBERS = {
    "x86_64": {"bpf": 321, "perf": 298, "userfaultfd": 323, "kexec": 246, "keyctl": 250,
               "io_uring": 425, "init_module": 175, "pivot_root": 155},
    "aarch64": {"bpf": 280, "perf": 241, "userfaultfd": 282, "kexec": 104, "keyctl": 219,
                "io_uring": 425, "init_module": 105, "pivot_root": 41},
}[platform.machine()]
# A word for the program's own folder, which is another in each unit.
STATE = os.environ.get("STATE_DIRECTORY", "/srv/taken-over")
ATTEMPTS = {}


def attempt(text):
    def add(function):
        ATTEMPTS[text] = function
        return function
    return add


def call(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def asked(result):
    """The kernel's answer to nonsense that only the privileged are told is nonsense."""
    try:
        call(result)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSYS):
            raise


def number(name, *arguments):
    return LIBC.syscall(ctypes.c_long(NUMBERS[name]), *arguments)


def put(path, data=b"x", mode=0o600):
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    os.write(descriptor, data)
    os.close(descriptor)


def can_write(folder):
    path = f"{folder}/taken-over-{os.getpid()}"
    try:
        put(path)
        os.unlink(path)
        return True
    except OSError:
        return False


def writable():
    """The topmost folders that take a file."""
    found = []
    for folder, folders, _ in os.walk("/"):
        if folder == "/":
            folders[:] = [name for name in folders if name not in ("proc", "sys", "srv")]
        if can_write(folder):
            found.append(folder)
            folders.clear()
    return sorted(found)


def settings():
    """Files of /proc and /sys that open for writing, but the process's own."""
    found = []
    for top in ("/proc/sys", "/proc/irq", "/sys"):
        for folder, _, files in os.walk(top):
            for name in files:
                path = os.path.join(folder, name)
                try:
                    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                    found.append(path)
                except OSError:
                    pass
    return found


# MARK: Writing

for place in ("/etc", "/usr/bin", "/boot", "/var/lib", "/run", "/root", "/etc/systemd/system",
              "/etc/hatang", "/var/lib/hatang-ca"):
    ATTEMPTS[f"write into {place}"] = lambda place=place: put_and_remove(place)


def put_and_remove(folder):
    path = f"{folder}/taken-over-{os.getpid()}"
    put(path)
    os.unlink(path)


@attempt("change a setting of the kernel")
def _():
    if not settings():
        raise OSError(errno.EROFS, "")


@attempt("leave a file in the machine's /tmp")
def _():
    # What others see as /tmp; the test looks whether it came there.
    path = f"/tmp/seen-by-others-{os.getpid()}"
    put(path)
    seen = os.path.exists("/tmp/of-the-machine")
    os.unlink(path)
    if not seen:
        raise OSError(errno.ENOENT, "")


@attempt("make a file with the setuid bit")
def _():
    path = f"{STATE}/setuid"
    put(path)
    try:
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)


@attempt("make a device")
def _():
    path = f"{STATE}/device"
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(7, 0))
    os.unlink(path)


# MARK: Reading

for path in ("/etc/shadow", "/etc/hatang/local-password", "/var/lib/hatang-ca/ca.key",
             "/etc/mosquitto/hatang/broker.key", "/home/other/letter",
             "/var/lib/mosquitto/mosquitto.db", "/proc/1/environ",
             "/var/lib/hatang-agent/buffer.db", "/var/lib/hatang-aggregator/hatang.db"):
    ATTEMPTS[f"read {path}"] = lambda path=path: open(path, "rb").read(1)


@attempt("look into /root")
def _():
    os.listdir("/root")


@attempt("read the kernel's log")
def _():
    call(LIBC.klogctl(3, ctypes.create_string_buffer(4096), 4096))


@attempt("see a process of another user")
def _():
    os.stat("/proc/1")


@attempt("end a process of another user")
def _():
    os.kill(1, 0)


@attempt("trace a process of its own")
def _():
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        call(LIBC.ptrace(16, child, None, None))  # PTRACE_ATTACH
    finally:
        os.kill(child, signal.SIGKILL)


@attempt("read the memory of a process of its own")
def _():
    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    secret, copy = ctypes.create_string_buffer(b"secret"), ctypes.create_string_buffer(6)
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        call(LIBC.process_vm_readv(
            child, ctypes.byref(Part(ctypes.addressof(copy), 6)), ctypes.c_ulong(1),
            ctypes.byref(Part(ctypes.addressof(secret), 6)), ctypes.c_ulong(1), ctypes.c_ulong(0)))
    finally:
        os.kill(child, signal.SIGKILL)


# MARK: Reaching

for name, family, kind, protocol in (
    ("a raw IP socket", socket.AF_INET, socket.SOCK_RAW, 1),
    ("a packet socket", socket.AF_PACKET, socket.SOCK_RAW, 0),
    ("a netlink socket", socket.AF_NETLINK, socket.SOCK_RAW, 0),
    ("a kernel-crypto socket", socket.AF_ALG, socket.SOCK_SEQPACKET, 0),
    ("a socket to the virtual machine's host", socket.AF_VSOCK, socket.SOCK_STREAM, 0),
):
    ATTEMPTS[f"open {name}"] = (
        lambda family=family, kind=kind, protocol=protocol: socket.socket(family, kind, protocol))


@attempt("listen on a port below 1024")
def _():
    socket.socket().bind(("127.0.0.1", 81))


@attempt("listen on a higher port")
def _():
    socket.socket().bind(("127.0.0.1", 0))


@attempt("connect to what it likes by TCP and UDP")
def _():
    # Refused is reached.
    if socket.socket().connect_ex(("127.0.0.1", 9)) not in (0, errno.ECONNREFUSED):
        raise OSError(errno.EPERM, "")
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))


@attempt("speak to D-Bus")
def _():
    socket.socket(socket.AF_UNIX).connect("/run/dbus/system_bus_socket")


@attempt("speak to systemd")
def _():
    socket.socket(socket.AF_UNIX).connect("/run/systemd/private")


# MARK: Starting

@attempt("start a shell")
def _():
    os.execv("/bin/sh", ["sh", "-c", "exit 0"])


for place in ("/tmp", "/dev/shm", STATE):
    @attempt(f"start a program from {'its folder' if place == STATE else place}")
    def _(place=place):
        path = f"{place}/program"
        with open("/usr/bin/true", "rb") as program:
            put(path, program.read(), 0o755)
        try:
            child = os.fork()
            if child == 0:
                try:
                    os.execv(path, [path])
                except OSError as error:
                    os._exit(error.errno)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if code != 0:
                raise OSError(code, "")
        finally:
            os.unlink(path)


@attempt("start a program from memory")
def _():
    descriptor = os.memfd_create("program", 0)
    with open("/usr/bin/true", "rb") as program:
        os.write(descriptor, program.read())
    os.execve(descriptor, ["true"], {})


@attempt("become root by a setuid program")
def _():
    child = os.fork()
    if child == 0:
        try:
            out = os.open("/dev/null", os.O_WRONLY)
            os.dup2(out, 1)
            # A copy of sh that is root's with the setuid bit; -p keeps what the bit gives.
            os.execv("/srv/setuid-sh", ["sh", "-pc", "test $(id -u) = 0 || exit 1"])
        except OSError as error:
            os._exit(error.errno)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != 0:
        raise OSError(code, "")


@attempt("make written memory executable")
def _():
    class Address(ctypes.Structure):
        _fields_ = []

    memory = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    address = ctypes.addressof(Address.from_buffer(memory))
    call(LIBC.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(4096), 5))


@attempt("map memory to write and execute")
def _():
    mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)


@attempt("execute a file that it wrote, as a library")
def _():
    path = f"{STATE}/library"
    put(path, bytes(4096))
    try:
        with open(path, "rb") as library:
            mmap.mmap(library.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=5)
    finally:
        os.unlink(path)


@attempt("execute memory by a file in memory")
def _():
    descriptor = os.memfd_create("library", 0)
    os.ftruncate(descriptor, 4096)
    mmap.mmap(descriptor, 4096, flags=mmap.MAP_PRIVATE, prot=5)


# MARK: Rising

@attempt("become root")
def _():
    os.setresuid(0, 0, 0)


@attempt("mount a file system")
def _():
    call(LIBC.mount(b"tmpfs", b"/mnt", b"tmpfs", ctypes.c_ulong(0), None))
    call(LIBC.umount2(b"/mnt", 2))


@attempt("unmount one")
def _():
    asked(LIBC.umount2(b"/nowhere", 0))


@attempt("change its root folder")
def _():
    os.chroot("/srv")


@attempt("make a user namespace")
def _():
    call(LIBC.unshare(0x10000000))


@attempt("make a network namespace")
def _():
    call(LIBC.unshare(0x40000000))


@attempt("enter another's namespace")
def _():
    asked(LIBC.setns(-1, 0))


@attempt("load a module")
def _():
    asked(number("init_module", None, ctypes.c_ulong(0), b""))


@attempt("load a kernel")
def _():
    asked(number("kexec", ctypes.c_ulong(0), ctypes.c_ulong(99), None, ctypes.c_ulong(0)))


@attempt("load a BPF program")
def _():
    # BPF_MAP_CREATE of nothing.
    asked(number("bpf", 0, ctypes.create_string_buffer(128), 128))


@attempt("count what the processor does")
def _():
    asked(number("perf", ctypes.create_string_buffer(128), 0, -1, -1, ctypes.c_ulong(0)))


@attempt("handle page faults by itself")
def _():
    call(number("userfaultfd", 0))


@attempt("use io_uring")
def _():
    asked(number("io_uring", 0, None))


@attempt("use the kernel's key rings")
def _():
    # KEYCTL_GET_KEYRING_ID of the session's.
    asked(number("keyctl", 0, -3, 0))


@attempt("restart the machine")
def _():
    asked(LIBC.reboot(0))


@attempt("swap to a file")
def _():
    asked(LIBC.swapon(b"/nowhere", 0))


@attempt("set the clock")
def _():
    time.clock_settime(time.CLOCK_REALTIME, time.time())


@attempt("name the machine")
def _():
    socket.sethostname(socket.gethostname())


@attempt("run in real time")
def _():
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


@attempt("act as another kind of system")
def _():
    call(LIBC.personality(ctypes.c_ulong(8)))  # PER_LINUX32


# MARK: What it needs

class Timex(ctypes.Structure):
    _fields_ = [("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 512)]


@attempt("ask whether the clock is synchronised")
def _():
    call(LIBC.adjtimex(ctypes.byref(Timex())))


@attempt("read the id of the boot")
def _():
    open("/proc/sys/kernel/random/boot_id").read()


@attempt("read what it wrote to the disk")
def _():
    open("/proc/self/io").read()


@attempt("read its own secrets")
def _():
    folder = os.environ["CREDENTIALS_DIRECTORY"]
    for name in os.listdir(folder):
        open(f"{folder}/{name}").read()


@attempt("write into its own folder")
def _():
    put_and_remove(STATE)


def outcome(function):
    """In a process of its own, which may change or end itself."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.set_inheritable(writer, False)
        try:
            function()
            os.write(writer, b"open")
        except OSError as error:
            os.write(writer, errno.errorcode.get(error.errno, f"error {error.errno}").encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        text = said.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # What it became by exec ended well, and said nothing.
    return text or ("open" if code == 0 else f"ended with {code}")


def main():
    results = {text: outcome(function) for text, function in ATTEMPTS.items()}
    print("TRIED " + json.dumps({"attempts": results, "writable": writable()}), flush=True)
    if "NOTIFY_SOCKET" in os.environ:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
            manager.send(b"READY=1")
        signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    sys.exit(main())
