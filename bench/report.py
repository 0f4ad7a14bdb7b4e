"""Writes what a benchmark found into docs/benchmarks.md, each benchmark into its own section."""

import re
import time

from parts import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"


def write_section(name, command, facts, text):
    """Replaces what stands between the marks of `name`; date, command and machine go with it."""
    page = PAGE.read_text(encoding="utf-8")
    marks = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marks.search(page):
        raise SystemExit(f"docs/benchmarks.md has no section {name}")
    date = time.strftime("%Y-%m-%d")
    body = f"{date}, `{command}`:\n\n```\n{facts}\n```\n\n{text}\n"
    PAGE.write_text(marks.sub(lambda found: found[1] + body + found[2], page), encoding="utf-8")
