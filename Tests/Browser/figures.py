"""What a browser measures on `/`; the checks of owners.py and `make bench` both go by it."""

import json
import time


def first_visit_bytes(browser, url):
    """As transferred, with all parts, by a browser that has none of them yet."""
    page = browser.page()
    page.send("Network.setCacheDisabled", cacheDisabled=True)
    page.open(url + "/")
    total = sum(event["params"]["encodedDataLength"] for event in browser.events
                if event.get("method") == "Network.loadingFinished")
    page.close()
    return total


def first_content_ms(browser, url):
    """On a line of 1.6 Mb/s and 150 ms, the usual "slow 3G" of such measurements."""
    page = browser.page()
    page.send("Network.setCacheDisabled", cacheDisabled=True)
    page.send("Network.emulateNetworkConditions", offline=False, latency=150,
              downloadThroughput=200_000, uploadThroughput=93_750)
    page.open(url + "/")
    page.wait("first content", "performance.getEntriesByName('first-contentful-paint').length")
    ms = page.value("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.close()
    return ms


def change_seconds(page, province, times):
    """So often: from before a device publishes to the new number of 7.1 on the open page."""
    shown = "document.querySelector('#i7\\\\.1 .value').textContent"
    found = []
    for _ in range(times):
        old = page.value(shown)
        began = time.monotonic()
        province.count(dossiers_received=1_000, dossiers_received_online=200)
        page.wait("7.1 has changed", f"{shown} !== {json.dumps(old)}")
        found.append(time.monotonic() - began)
    return found
