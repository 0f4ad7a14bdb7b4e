"""A headless Chromium over its debugging pipe: nothing but Python's own library is needed."""

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")


class Failure(Exception):
    """What a page did not do."""


class Chromium:
    """One browser with a profile of its own; ended by its own id."""

    def __init__(self):
        program = next((path for path in map(shutil.which, NAMES) if path), None)
        if not program:
            raise Failure("no chromium; tools/install-packages.sh installs it")
        self.profile = tempfile.mkdtemp(prefix="hatang-browser.")
        # "--remote-debugging-pipe": commands are read from descriptor 3, answers written to 4, each
        # ended by a zero byte.
        command_end, self.write_end = os.pipe()
        self.read_end, answer_end = os.pipe()

        def place():
            os.setsid()
            moved = [os.dup(command_end), os.dup(answer_end)]
            os.dup2(moved[0], 3)
            os.dup2(moved[1], 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
             "--disable-background-networking", "--disable-component-update",
             "--force-color-profile=srgb", f"--user-data-dir={self.profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=place, close_fds=False)
        os.close(command_end)
        os.close(answer_end)
        self.number = 0
        self.rest = b""
        self.events = []

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def send(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        number = self.number
        while True:
            answer = self.receive(60)
            if answer is None:
                raise Failure(f"{method}: no answer from the browser in 60 s")
            if answer.get("id") == number:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self, seconds):
        """The next message; None at the deadline."""
        deadline = time.monotonic() + seconds
        while b"\0" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                return None
            chunk = os.read(self.read_end, 1 << 20)
            if not chunk:
                raise Failure("the browser has ended")
            self.rest += chunk
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def page(self, **settings):
        return Page(self, **settings)


class Page:
    """One tab."""

    def __init__(self, browser, width=1440, height=900, dark=False, scripts=True, touch=False):
        self.browser = browser
        self.target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.send(
            "Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        self.send("Page.enable")
        self.send("Runtime.enable")
        self.send("Log.enable")
        self.send("Network.enable")
        self.look(width, height, dark)
        self.has_scripts = scripts
        if not scripts:
            self.send("Emulation.setScriptExecutionDisabled", value=True)
        if touch:
            self.send("Emulation.setTouchEmulationEnabled", enabled=True)

    def look(self, width, height, dark):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)
        self.send("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def send(self, method, **parameters):
        return self.browser.send(method, session=self.session, **parameters)

    def close(self):
        self.browser.send("Target.closeTarget", targetId=self.target)

    def open(self, url):
        self.browser.events.clear()
        result = self.send("Page.navigate", url=url)
        if result.get("errorText"):
            raise Failure(f"{url}: {result['errorText']}")
        if self.has_scripts:
            self.wait(f"{url} has loaded", "document.readyState === 'complete'")
        else:
            deadline = time.monotonic() + 60
            while not self.saw("Page.loadEventFired"):
                if time.monotonic() > deadline:
                    raise Failure(f"{url} did not load in 60 s")
                self.pump(0.2)

    def saw(self, method):
        return any(event.get("method") == method and event.get("sessionId") == self.session
                   for event in self.browser.events)

    def pump(self, seconds):
        """Takes in what the browser reports meanwhile."""
        event = self.browser.receive(seconds)
        if event is not None:
            self.browser.events.append(event)

    def value(self, expression):
        """What an expression comes to; waits for a promise."""
        result = self.send("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            text = details.get("exception", {}).get("description", details["text"])
            raise Failure(f"{expression[:80]}: {text}")
        return result["result"].get("value")

    def wait(self, what, expression, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            try:
                if self.value(expression):
                    return
            except Failure as failure:
                # A page that is being replaced has no document to ask.
                if "context" not in str(failure):
                    raise
            if time.monotonic() > deadline:
                raise Failure(f"after {seconds} s still not: {what}")
            self.pump(0.1)

    def settle(self):
        """Waits until the page has loaded and the browser has gone to the address's fragment:
        that takes the focus from whatever has it."""
        self.wait("the page has loaded", "document.readyState === 'complete'")
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self):
        """The text of the page, also without scripts: from the accessibility of the document."""
        root = self.send("DOM.getDocument", depth=-1)["root"]
        return self.send("DOM.getOuterHTML", nodeId=root["nodeId"])["outerHTML"]

    def key(self, name, shift=False):
        codes = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
                 "ArrowDown": 40}
        for kind in ("keyDown", "keyUp"):
            parameters = {"type": kind, "key": name, "code": name,
                          "windowsVirtualKeyCode": codes[name], "modifiers": 8 if shift else 0}
            if name == "Enter" and kind == "keyDown":
                parameters["text"] = "\r"
            self.send("Input.dispatchKeyEvent", **parameters)

    def tap(self, x, y):
        self.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def shot(self, path, whole=False):
        parameters = {"format": "png"}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            parameters |= {"captureBeyondViewport": True, "clip": {
                "x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000),
                "scale": 1}}
        data = self.send("Page.captureScreenshot", **parameters)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def pdf(self):
        data = self.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
        return base64.b64decode(data)

    def complaints(self):
        """What the browser's console holds against the page: policy violations, errors."""
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Log.entryAdded":
                entry = event["params"]["entry"]
                if entry["level"] == "error":
                    found.append(f"{entry.get('url', '')} {entry['text']}")
            if event["method"] == "Runtime.exceptionThrown":
                found.append(event["params"]["exceptionDetails"]["text"])
        return found

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event.get("sessionId") == self.session
                and event["method"] == "Network.requestWillBeSent"]
