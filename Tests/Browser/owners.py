#!/usr/bin/env python3
"""The pages in a real browser. Every check is a function; all of them run, each says
whether it holds, and one that does not makes the exit code 1."""

import argparse
import collections
import csv
import glob
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
import traceback

from chromium import Chromium, Failure
from figures import change_seconds, first_content_ms, first_visit_bytes
from operators import OperatorChecks, expect
from province import EVIL, Province

# Carries axe-core; of PyPI, installed once into the build folder, without what it depends on.
AXE = "axe-playwright-python==0.1.8"
WIDTHS = (360, 768, 1440)
FIRST_VISIT_BYTES = 120_000


def axe(root):
    place = os.path.join(root, ".build", AXE.replace("==", "-"))
    pattern = os.path.join(place, "lib", "*", "site-packages", "axe_playwright_python",
                           "axe.min.js")
    if not glob.glob(pattern):
        for words in (["python3", "-m", "venv", place],
                      [f"{place}/bin/python", "-m", "pip", "install", "-q", "--no-deps", AXE]):
            run = subprocess.run(words, capture_output=True, text=True, timeout=300)
            expect(run.returncode == 0, f"{AXE} cannot be installed from PyPI: {run.stderr}")
    with open(glob.glob(pattern)[0]) as file:
        return file.read()


class Checks(OperatorChecks):
    def __init__(self, browser, province, axe_source, shots):
        self.browser = browser
        self.province = province
        self.axe = axe_source
        self.shots = shots
        self.tile = province.tiles()[0]
        self.agent = json.loads(province.get("/api/v1/agents"))["agents"][0]["agent"]
        self.paths = ["/", "/?lang=en", "/indicators/20.2", "/indicators/20.1", "/indicators/7.1",
                      "/indicators/20.2?at=1", "/map", "/map?area=phu-ly&lang=en",
                      f"/tiles/{self.tile}", "/tiles", "/reports", f"/reports/{province.quarter()}", "/data",
                      "/indicators/99", "/operations", "/operations?lang=en&sort=area",
                      f"/operations/agents/{self.agent}"]

    def open(self, path, **settings):
        page = self.browser.page(**settings)
        page.open(self.province.url + path)
        return page

    def shot(self, page, name):
        if self.shots:
            page.shot(os.path.join(self.shots, f"{name}.png"))

    # Looks

    def pages_fit_every_width_in_light_and_dark(self):
        for path in self.paths:
            page = self.open(path)
            for width in WIDTHS:
                for dark in (False, True):
                    page.look(width, 900, dark)
                    wide = page.value("document.scrollingElement.scrollWidth - innerWidth")
                    expect(wide <= 0, f"{path} at {width} px is {wide} px too wide")
                    word = re.sub(r"\W+", "-", path).strip("-") or "front"
                    self.shot(page, f"{word}-{width}-{'dark' if dark else 'light'}")
            page.close()

    def axe_finds_nothing(self):
        found = []
        # Of thousands of squares alike axe takes a minute; an area's map has all that a map has.
        for path in [path for path in self.paths if path != "/map"]:
            page = self.open(path)
            page.value(self.axe + ";0")
            for width, dark in ((1440, False), (360, True)):
                page.look(width, 900, dark)
                # Only colours and sizes are others in the dark and on a telephone.
                rules = ", runOnly: ['color-contrast', 'target-size']" if dark else ""
                result = page.value(
                    f"axe.run(document, {{resultTypes: ['violations']{rules}}}).then(r => JSON"
                    ".stringify("
                    "[r.passes.length, r.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3)"
                    ".map(n => n.html.slice(0, 160) + ' ' + n.failureSummary).join(' | '))]))")
                passes, violations = json.loads(result)
                expect(passes >= (1 if dark else 10), f"{path}: axe looked at {passes} rules only")
                found += [f"{path} at {width} px: {violation}" for violation in violations]
            page.close()
        expect(not found, "; ".join(found))

    def nothing_is_asked_of_another_host_and_nothing_breaks_the_policy(self):
        for path in self.paths:
            page = self.open(path)
            # The front page looks for news after two seconds.
            page.wait("time has passed", f"performance.now() > {2500 if path == '/' else 100}")
            hosts = {url for url in page.requests() if not url.startswith(self.province.url)}
            expect(not hosts, f"{path} asks {hosts}")
            wrong = [text for text in page.complaints()
                     if "/events " not in text and not (path == "/indicators/99" and "404" in text)]
            expect(not wrong, f"{path}: {wrong}")
            page.close()

    def the_first_visit_is_small(self):
        total = first_visit_bytes(self.browser, self.province.url)
        expect(0 < total <= FIRST_VISIT_BYTES, f"/ is {total} bytes")
        return f"{total} bytes"

    def first_content_on_a_slow_line(self):
        ms = first_content_ms(self.browser, self.province.url)
        return f"{ms:.0f} ms at 1.6 Mb/s and 150 ms"

    # Words

    def titles_and_files_have_their_diacritics(self):
        page = self.open("/")
        expect(page.value("document.title") == "Chỉ tiêu số của Hà Nam", page.value("document.title"))
        expect(page.value("document.documentElement.lang") == "vi", "lang is not vi")
        expect(page.value("document.title === document.title.normalize('NFC')"), "not NFC")
        page.close()
        rows = list(csv.DictReader(io.StringIO(self.province.get("/data/indicators.csv"))))
        names = {row["code"]: row["name"] for row in rows}
        expect(names["20.2"] == "Phủ sóng 5G cho người dân", names)
        report = self.province.get(f"/reports/{self.province.quarter()}.csv")
        expect(report.startswith("\ufeffreport,"), "no byte order mark")

    def names_from_outside_are_text(self):
        for path in ("/indicators/20.2", f"/tiles/{self.tile}"):
            page = self.open(path)
            expect(EVIL in page.value("document.body.innerText"), f"{path} does not show the name")
            expect(page.value("document.images.length") == 0, f"{path} made an image of it")
            expect(page.value("document.title") != "1", f"{path} ran it")
            page.close()

    # Without a script, by keyboard, by touch

    def without_scripts_everything_is_there(self):
        page = self.open("/", scripts=False)
        text = page.text()
        for words in ("5G của nhà mạng phủ rộng nhất", 'http-equiv="refresh"', "chưa đạt"):
            expect(words in text, f"without scripts / lacks {words}")
        page.close()
        page = self.open("/map", scripts=False)
        expect(f'href="/tiles/{self.tile}"' in page.text(), "the map's squares lead nowhere")
        page.close()
        # Thousands of squares are no way for a keyboard without a script: the table is.
        page = self.open("/map", scripts=False)
        expect('href="/tiles?operator=45204"' in page.text(), "the map leads to no table")
        page.close()
        page = self.open("/tiles?operator=45204", scripts=False)
        expect(f">{self.tile}</a>" in page.text() and "4 / 4" in page.text(), "no tile's values")
        page.close()

    def the_keyboard_reaches_everything(self):
        page = self.open("/")
        page.key("Tab")
        expect(page.value("document.activeElement.className") == "skip", "Tab does not skip first")
        page.key("Enter")
        page.wait("the main part has the focus", "document.activeElement.id === 'main'")
        page.key("Tab")
        target = page.value("document.activeElement.getAttribute('href')")
        expect(target.startswith("/indicators/"), f"the first link is {target}")
        page.close()
        page = self.open("/map")
        page.value("document.querySelector('svg.map a[tabindex=\"0\"]').focus()")
        first = page.value("document.getElementById('told').textContent")
        expect("người" in first, f"the first square tells {first}")
        before = page.value("document.activeElement.getAttribute('href')")
        page.key("ArrowRight")
        after = page.value("document.activeElement.getAttribute('href')")
        expect(after != before and after.startswith("/tiles/"), f"the arrow went to {after}")
        page.key("ArrowLeft")
        expect(page.value("document.activeElement.getAttribute('href')") == before, "no way back")
        expect(page.value("document.querySelectorAll('svg.map a[tabindex=\"0\"]').length") == 1,
               "more than one square is a stop of the Tab key")
        page.key("Enter")
        page.wait("the tile's page", f"location.pathname === '{before}'")
        page.close()

    def a_finger_reads_a_square_and_opens_it(self):
        page = self.open("/map?area=phu-ly", width=360, touch=True)
        box = page.value(
            "(() => { const r = document.querySelector('svg.map a[tabindex=\"0\"] rect');"
            "r.scrollIntoView({block: 'center'}); const b = r.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()")
        page.tap(*box)
        page.wait("the values are told", "document.getElementById('told').textContent.includes('người')")
        expect(page.value("location.pathname") == "/map", "the first tap left the map")
        page.tap(*box)
        page.wait("the tile's page", "location.pathname.startsWith('/tiles/')")
        page.close()

    # Numbers

    def the_map_has_the_tiles_of_the_api(self):
        rows = csv.DictReader(io.StringIO(self.province.get("/data/coverage.csv")))
        listed = collections.Counter(row["state"] for row in rows if row["operator"] == "45204")
        page = self.open("/map?operator=45204")
        drawn = collections.Counter(page.value(
            "Array.from(document.querySelectorAll('svg.map a.square rect'),"
            " r => r.getAttribute('class'))"))
        page.close()
        expect(drawn == listed, f"drawn {drawn}, listed {listed}")
        expect(all(drawn[state] for state in
                   ("covered", "partly", "not_covered", "few", "inconclusive", "unmeasured")),
               f"not every state is there: {drawn}")
        features = json.loads(self.province.get("/api/v1/coverage.geojson"))["features"]
        seen = sum(operator["operator"] == "45204" for each in features
                   for operator in each["properties"]["operators"])
        states = sum(drawn[state] for state in ("covered", "partly", "not_covered", "few"))
        expect(seen == states, f"GeoJSON has {seen} tiles, the map {states}")
        return f"{sum(drawn.values())} tiles"

    def a_report_prints_one_sheet_an_indicator_and_stays_as_signed(self):
        quarter = self.province.quarter()
        code, text = self.province.command("report", "--quarter", quarter, "--freeze")
        expect(code == 0, text)
        digest = re.search(r"SHA-256 ([0-9a-f]{64})", text).group(1)
        page = self.open(f"/reports/{quarter}?frozen=1")
        sheets = page.value("document.querySelectorAll('.sheet').length")
        pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf()))
        expect(sheets == pages == 5, f"{sheets} indicators on {pages} pages")
        expect(page.value("document.querySelectorAll('.sheet code').length") == 5, "no digest")
        expect(digest in page.value("document.querySelector('.sheet code').textContent"), "digest")
        page.close()
        signed = self.province.get(f"/reports/{quarter}.signed.json?frozen=1")
        expect(hashlib.sha256(signed.encode()).hexdigest() == digest, "the bytes are not those")
        code, text = self.province.command("report", "--quarter", quarter, "--freeze")
        expect(code == 1 and "number 1 has the same figures already" in text, text)

    # Live

    def a_value_changes_on_the_open_page(self):
        page = self.open("/")
        page.value("document.getElementById('how').open = true")
        page.value("document.querySelector('#how summary').focus()")
        times = change_seconds(page, self.province, 5)
        expect(page.value("document.getElementById('how').open"), "the details were closed")
        expect(page.value("document.activeElement.closest('#how') !== null"), "the focus is lost")
        expect(page.value("document.getElementById('news').textContent").startswith("7.1: "),
               "the change was not announced")
        page.close()
        return f"median {sorted(times)[2]:.1f} s from the device's publish"

    def a_server_that_is_lost_is_said_to_be_and_found_again(self):
        page = self.open("/")
        self.province.stop()
        page.wait("the loss is shown", "!document.getElementById('stale').hidden")
        text = page.value("document.getElementById('stale').textContent")
        expect(text.startswith("Mất kết nối với máy chủ từ "), text)
        expect(page.value("document.querySelectorAll('section.card').length") == 5,
               "the values went with the server")
        self.province.start()
        page.wait("the server is found again", "document.getElementById('stale').hidden")
        page.close()


def main():
    parser = argparse.ArgumentParser()
    for name in ("root", "aggregator", "config", "port", "broker"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--shots", help="a folder for screenshots")
    parser.add_argument("--only", help="checks whose name has this")
    options = parser.parse_args()
    province = Province(options.root, options.aggregator, options.config, options.port,
                        int(options.broker))
    failures = 0
    try:
        source = axe(options.root)
        province.start()
        province.drive()
        province.count()
        province.count(dossiers_received=1_000, dossiers_received_online=850)
        province.mistake()
        province.until("20.2 and 7.1 have values",
                       lambda: province.value("20.2") and province.value("7.1") is not None)
        browser = Chromium()
        try:
            checks = Checks(browser, province, source, options.shots)
            names = [name for part in (Checks, OperatorChecks) for name in vars(part)]
            for name in [name for name in names if "_" in name and name[0] != "_"]:
                if options.only and options.only not in name:
                    continue
                began = time.monotonic()
                try:
                    note = getattr(checks, name)() or ""
                    result = "ok"
                except Failure as failure:
                    failures += 1
                    result, note = "FAILED", str(failure)
                took = time.monotonic() - began
                print(f"{result} {name.replace('_', ' ')} ({took:.1f} s) {note}", flush=True)
        finally:
            browser.close()
    except Exception:
        failures += 1
        traceback.print_exc()
    finally:
        province.stop()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
