#!/usr/bin/env python3
"""The coverage state by day, computed from G-NetTrack Pro logs and from nothing else.

An independent second opinion for the tests: it shares no code with the importer, the agent or the
aggregator, only their rules (docs/methodology.md, 20.2, and the importer's):

  - a row needs all its cells, a time, a legal position and a network mode; otherwise it is left out
  - "-" and 2147483647 mean absent, and so does a level outside 3GPP's range
  - "5G" is NR; a level beside any other mode is a leftover of the last NR cell and means nothing
  - NR with a level is conclusive: covered from -110 dBm, strong from -100 dBm
  - NR without a level is inconclusive
  - no NR is conclusive (not covered) if traffic flowed (--active), otherwise inconclusive

Prints one line for each (operator, z19 cell, local day, source), sorted:
  operator cell day source conclusive covered strong inconclusive
The cell is the number whose base-4 digits are its quadkey; the day counts from 1970-01-01.
"""

import argparse
import collections
import csv
import datetime
import gzip
import math
import sys

ABSENT = {"", "-", "2147483647", "2147483647.0"}
NR = {"5G", "5G NSA", "5G-NSA", "NR NSA", "5G SA", "5G-SA", "NR SA", "NR"}
OTHER = {
    "4G", "LTE", "LTE+", "LTE-A", "LTE_CA", "HSPA", "HSPA+", "HSDPA", "HSUPA", "HSPAP", "DC-HSPA+",
    "3G", "UMTS", "WCDMA", "EDGE", "2G", "GSM", "GPRS",
}
CELL_ZOOM = 19
COVERED, STRONG = -110.0, -100.0


def number(text):
    """The value, or None where the phone did not say."""
    if text is None or text.strip() in ABSENT:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def cell_of(latitude, longitude):
    # Positions are kept in millionths of a degree.
    latitude, longitude = round(latitude * 1e6) / 1e6, round(longitude * 1e6) / 1e6
    side = 1 << CELL_ZOOM
    sine = math.sin(math.radians(latitude))
    column = int((longitude + 180) / 360 * side)
    row = int((0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * side)
    index = 0
    for bit in reversed(range(CELL_ZOOM)):
        index = index << 2 | (row >> bit & 1) << 1 | column >> bit & 1
    return index


def time_of(text, offset):
    """Seconds since 1970, or None; the phone writes its local time."""
    try:
        local = datetime.datetime.strptime(text or "", "%Y.%m.%d_%H.%M.%S")
    except ValueError:
        return None
    return (local - datetime.datetime(1970, 1, 1)).total_seconds() - offset


def offset_of(text):
    """Seconds of an offset such as +07:00."""
    sign = -1 if text[0] == "-" else 1
    hours, minutes = text.lstrip("+-").split(":")
    return sign * (int(hours) * 3600 + int(minutes) * 60)


def verdict(row, active):
    """Which counters a row adds to: (conclusive, covered, strong, inconclusive)."""
    if row["NetworkMode"].upper() not in NR:
        return (1, 0, 0, 0) if active else (0, 0, 0, 1)
    level = number(row.get("NRxRSRP"))
    if level is None or not -156 <= level <= -31:
        return (0, 0, 0, 1)
    level = round(level, 1)
    return (1, int(level >= COVERED), int(level >= STRONG), 0)


def add(path, options, state):
    """Returns rows read and rows left out."""
    log_offset, day_offset = offset_of(options.utc_offset), offset_of(options.day_offset)
    rows = left_out = 0
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            rows += 1
            seconds = time_of(row.get("Timestamp"), log_offset)
            latitude, longitude = number(row.get("Latitude")), number(row.get("Longitude"))
            is_cut = None in row or None in row.values()
            has_mode = not is_cut and row["NetworkMode"].strip() not in ABSENT
            if is_cut or not has_mode or seconds is None or latitude is None or longitude is None:
                left_out += 1
                continue
            if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
                left_out += 1
                continue
            day = math.floor((seconds + day_offset) / 86400)
            key = (options.plmn, cell_of(latitude, longitude), day, options.source)
            counts = state[key]
            for index, value in enumerate(verdict(row, options.active)):
                counts[index] += value
    return rows, left_out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--plmn", default="-", help="the operator; the logs only have its name")
    parser.add_argument("--source", default="-")
    parser.add_argument("--utc-offset", default="+00:00", help="of the phone's local time")
    parser.add_argument("--day-offset", default="+07:00", help="where a local day begins")
    parser.add_argument("--active", action="store_true", help="traffic flowed")
    options = parser.parse_args()

    state = collections.defaultdict(lambda: [0, 0, 0, 0])
    totals = [0, 0]
    for path in options.files:
        for index, value in enumerate(add(path, options, state)):
            totals[index] += value
    for key in sorted(state):
        print(*key, *state[key])
    print(f"{totals[0]} rows, {totals[1]} left out", file=sys.stderr)


if __name__ == "__main__":
    main()
