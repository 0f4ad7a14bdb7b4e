"""Writes what a benchmark found into a page of docs, each benchmark into its own section."""

import re
import time

from parts import ROOT


def write_section(name, command, facts, text, page="benchmarks.md"):
    """Replaces what stands between the marks of `name`; date, command and machine go with it."""
    path = ROOT / "docs" / page
    before = path.read_text(encoding="utf-8")
    marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marks.search(before):
        raise SystemExit(f"{path} has no section {name}")
    date = time.strftime("%Y-%m-%d")
    load = float(re.search(r"load ([\d.]+) before", facts)[1])
    if load > 0.5:
        text = f"Provisional: the machine did other work meanwhile (load {load:g}).\n\n{text}"
    body = f"{date}, `{command}`:\n\n```\n{facts}\n```\n\n{text}\n"
    path.write_text(marks.sub(lambda found: found[1] + body + found[2], before), encoding="utf-8")
