"""`make test-install`: the packages on a Debian 12 of their own, from apt install to purge.

    run.py [STEP…]     only up to the last step named; all without a name
    KEEP_DEBS=FOLDER   packages from elsewhere than .build/deb
"""

import os
import pathlib
import signal
import sys
import time

from machine import ROOT, Failure, Machine, base
from steps import STEPS, Site

# Everything after the Debian is made, s.
LIMIT = 900


def main():
    packages = pathlib.Path(os.environ.get("KEEP_DEBS", ROOT / ".build/deb"))
    if os.geteuid() != 0:
        sys.exit("test-install starts a container, which takes root: sudo make test-install")
    if len(list(packages.glob("hatang-*.deb"))) != 3:
        sys.exit(f"{packages} does not hold the three packages; make deb makes them")
    names = [step.__name__ for step in STEPS]
    for name in sys.argv[1:]:
        if name not in names:
            sys.exit(f"there is no step {name}; there are {', '.join(names)}")
    last = max((names.index(name) for name in sys.argv[1:]), default=len(STEPS) - 1)

    base()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(LIMIT)
    begun = time.monotonic()
    machine = Machine()
    site = Site(machine, packages)
    try:
        machine.boot()
        for step in STEPS[:last + 1]:
            start = time.monotonic()
            title = step.__doc__.strip()
            try:
                step(site)
            except Exception as error:
                print(f"✘ {title}\n{error}\n\n{machine.last_words()}", flush=True)
                if not isinstance(error, Failure):
                    raise
                return 1
            print(f"✔ {title} ({time.monotonic() - start:.1f} s)", flush=True)
            if step.__name__ == "configure":
                print(f"  from apt install to the first receipt: "
                      f"{site.first_receipt_seconds:.1f} s", flush=True)
        print(f"{last + 1} of {len(STEPS)} steps passed in {time.monotonic() - begun:.0f} s")
        return 0
    finally:
        signal.alarm(0)
        machine.remove()


def _too_long(*_):
    raise Failure(f"the test took more than {LIMIT} s")


if __name__ == "__main__":
    sys.exit(main())
