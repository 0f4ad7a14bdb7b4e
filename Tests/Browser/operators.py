"""What is asked of the operators' pages beyond what is asked of all pages."""

import json
import os
import re
import subprocess
import time
from urllib.parse import quote

from chromium import Failure
from province import EVIL

FLEET = 2_000
# Transferred, with 2,000 agents; and until the sorted page is there, on a machine that does much
# else and with a program without optimization.
PAGE_BYTES, SORT_SECONDS = 60_000, 5


def expect(condition, text):
    if not condition:
        raise Failure(text)


class OperatorChecks:
    """Mixed into `Checks`; `self.agent` is the one that reports."""

    def the_operators_columns_are_not_squeezed(self):
        for path in ("/operations", f"/operations/agents/{self.agent}"):
            page = self.open(path)
            for width in (360, 768, 1440):
                page.look(width, 900, False)
                # Columns that are squeezed break within their words.
                thin = page.value("Array.from(document.querySelectorAll('td')).filter(cell => "
                                  "cell.clientWidth < 60 && cell.textContent.length > 12)"
                                  ".map(cell => cell.textContent)")
                expect(not thin, f"{path} at {width} px squeezes {thin}")
            page.close()

    def a_refresh_leaves_the_operator_where_he_is(self):
        page = self.open("/operations?sort=agent", width=360)
        page.value("""(() => {
            window.row = document.querySelector('#agents tbody tr');
            window.row.querySelector('a').focus();
            getSelection().selectAllChildren(document.querySelector('#ledger .sum'));
            scrollTo(0, 400);
            window.asked = () => performance.getEntriesByType('resource')
                .filter(entry => entry.name === location.href).length;
        })()""")
        old = page.value("document.querySelector('#ledger .sum').textContent")
        self.province.count(dossiers_received=1)
        page.wait("the ledger has changed",
                  f"document.querySelector('#ledger .sum').textContent !== {json.dumps(old)}")
        page.wait("the page was asked for again", "asked() >= 3")
        expect(page.value("row.isConnected && row.contains(document.activeElement)"),
               "the focus is lost")
        expect("nhận" in page.value("getSelection().toString()"), "the selection is lost")
        expect(page.value("scrollY") == 400, "the page was scrolled")
        page.close()

    def the_keyboard_sorts_finds_and_filters(self):
        page = self.open("/operations")
        page.key("Tab")
        expect(page.value("document.activeElement.className") == "skip", "Tab does not skip first")
        page.value("document.querySelector('#agents thead a').focus()")
        page.key("Enter")
        page.wait("the table is sorted",
                  "document.querySelector('th[aria-sort=\"ascending\"] a') !== null "
                  "&& location.search === '?sort=agent'")
        page.settle()
        page.value("document.getElementById('find').focus()")
        page.send("Input.insertText", text="không có trạm này")
        page.key("Enter")
        page.wait("nothing is found", "location.search.includes('find=')")
        page.settle()
        expect("Không trạm nào như vậy" in page.value("document.body.innerText"), "found something")
        expect(page.value("location.search").startswith("?sort=agent&"), "the order is lost")
        page.close()

    def the_operators_page_needs_no_script(self):
        page = self.open("/operations", scripts=False)
        text = page.text()
        for words in ('http-equiv="refresh"', "Trạm thu thập", "sort=backlog", self.agent, "khai mất"):
            expect(words in text, f"without scripts /operations lacks {words}")
        page.close()

    def names_from_outside_are_text_for_operators_too(self):
        agent = f"/operations/agents/{self.agent}"
        for path, shown in (("/operations", None), ("/operations?find=" + quote(EVIL), None),
                            (agent, EVIL), (agent + "?lang=en", EVIL)):
            page = self.open(path)
            expect(shown is None or shown in page.value("document.body.innerText"),
                   f"{path} does not show the sample")
            # Twice, for what the script fetches is put in by another way.
            for _ in range(2):
                expect(page.value("document.images.length") == 0, f"{path} made an image of it")
                expect(page.value("document.title") != "1", f"{path} ran it")
                page.wait("the page was asked for again", "performance.now() > 2500")
            page.close()
        found = self.province.get("/operations?find=" + quote(EVIL))
        expect("&lt;img src=x" in found and "<img" not in found, "the search is not escaped")

    def areas_stand_in_the_order_of_the_alphabet(self):
        page = self.open("/operations")
        names = page.value("Array.from(document.querySelectorAll('a.filter[href*=\"area=\"]'),"
                           " a => a.textContent)")
        by_browser = page.value(
            f"{json.dumps(names)}.slice().sort((a, b) => a.localeCompare(b, 'vi'))")
        expect(len(names) > 3 and names == by_browser, f"{names}, not {by_browser}")
        # The file that the server's order is tested with (VietnameseOrderTests).
        with open(os.path.join(self.province.root, "Tests/Resources/vietnamese-order.txt")) as file:
            words = file.read().split("\n")[:-1]
        by_browser = page.value(
            f"{json.dumps(words[::-1])}.sort((a, b) => a.localeCompare(b, 'vi'))")
        expect(words == by_browser, f"the browser has {by_browser}")
        page.close()

    # Last: the fleet stays in the store.
    def two_thousand_agents_are_sorted_without_effort(self):
        with open(self.province.configuration) as file:
            port = re.search(r'broker"?\s*:\s*\{[^}]*port"?\s*:\s*(\d+)', file.read()).group(1)
        subprocess.run(
            [os.path.join(os.path.dirname(self.province.program), "hatang-simulator"),
             "--broker", f"127.0.0.1:{port}", "--agents", str(FLEET), "--rate", "1",
             "--duration", "12"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300)
        total = self.province.until("the fleet is known", lambda: re.search(
            r"1–100 trong 2\.0\d\d", self.province.get("/operations")))
        page = self.open("/operations")
        times = []
        for place, query in ((4, "sort=seen"), (5, "sort=backlog"), (1, "sort=agent")):
            began = time.monotonic()
            page.value(f"document.querySelectorAll('#agents thead a')[{place - 1}].click()")
            page.wait("the table is sorted", f"location.search.includes('{query}') && "
                      "document.readyState === 'complete'")
            times.append(time.monotonic() - began)
        rows = page.value("Array.from(document.querySelectorAll('#agents tbody th a'),"
                          " a => a.textContent)")
        expect(len(rows) == 100 and rows == sorted(rows), f"{rows[:5]} …")
        count = page.value("performance.getEntriesByType('navigation')[0].encodedBodySize")
        expect(0 < count <= PAGE_BYTES, f"/operations is {count} bytes")
        began = time.monotonic()
        page.value("document.getElementById('find').focus()")
        page.send("Input.insertText", text=rows[-1].upper())
        page.key("Enter")
        page.wait("the agent is found", "location.search.includes('find=') && "
                  "document.readyState === 'complete'")
        times.append(time.monotonic() - began)
        found = page.value("Array.from(document.querySelectorAll('#agents tbody th a'),"
                           " a => a.textContent)")
        expect(found and all(rows[-1] in name for name in found), f"found {found[:5]}")
        expect(max(times) <= SORT_SECONDS, f"sorting and finding take {times}")
        page.close()
        return f"{total.group(0)}: {count} bytes, sorted or found in {max(times):.2f} s at most"
