#!/usr/bin/env python3
"""Loads a page of `peerscope report` in a headless Chromium and tells what is wrong with it.

    report-check.py PAGE --figures N --expectations N [--chromium PROGRAM] [--screenshots DIR]

Exit code 0: nothing; 1: each line of the output is a complaint; 2: the browser could not be used. Talks to the browser over
two pipes (--remote-debugging-pipe: messages of JSON, each ended by a zero byte), so that nothing but Python is needed.
"""

import argparse
import base64
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time

# Seconds that any one answer may take; a loaded machine starts a browser slowly.
PATIENCE = 120
# Width in CSS pixels, height, and whether dark: a desktop, a telephone, and a desktop at night.
VIEWS = {"wide": (1280, 900, False), "narrow": (390, 844, False), "dark": (1280, 900, True)}
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
]

# Run within the page: what can only be seen there.
INSPECTION = """
(() => {
  const complaints = [];
  const width = document.documentElement.clientWidth;
  document.querySelectorAll('details').forEach(details => { details.open = true; });
  const name = element => element.tagName.toLowerCase() + (element.id ? '#' + element.id : '')
    + ' ' + JSON.stringify((element.textContent || '').trim().slice(0, 40));

  const figures = [...document.querySelectorAll('figure svg')];
  for (const figure of figures) {
    const box = figure.getBoundingClientRect();
    const drawn = figure.getBBox();
    if (!figure.checkVisibility() || box.width < 50 || box.height < 50) complaints.push('figure without a size: ' + name(figure));
    if (drawn.width <= 0 || drawn.height <= 0) complaints.push('figure with nothing drawn: ' + name(figure));
    if (!figure.querySelector('text')) complaints.push('figure without text: ' + name(figure));
    if (!figure.getAttribute('aria-label')) complaints.push('figure without a description: ' + name(figure));
  }

  const rows = [...document.querySelectorAll('tr.expectation')].filter(row => row.checkVisibility());

  if (document.documentElement.scrollWidth > width)
    complaints.push('the page is ' + document.documentElement.scrollWidth + ' wide on a screen of ' + width);
  const scrolls = element => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
  const contained = element => {
    for (let above = element.parentElement; above; above = above.parentElement) if (scrolls(above)) return true;
    return element.closest('svg') !== null && element.tagName.toLowerCase() !== 'svg';
  };
  for (const element of document.body.querySelectorAll('*')) {
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > width + 1 || box.left < -1) && !contained(element))
      complaints.push('beyond the edge: ' + name(element));
  }

  const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) complaints.push('two elements are #' + id);
  for (const link of document.querySelectorAll('a[href^="#"]'))
    if (!document.getElementById(link.getAttribute('href').slice(1))) complaints.push('a link leads nowhere: ' + link.href);
  for (const table of document.querySelectorAll('table'))
    if (!table.caption || !table.querySelector('th[scope]')) complaints.push('table without caption or header: ' + name(table));
  if (document.querySelectorAll('h1').length !== 1) complaints.push('not one h1');
  return JSON.stringify({ complaints, figures: figures.length, expectations: rows.length });
})()
"""


class Browser:
    """A browser of its own, with an empty profile, and what its page tells."""

    def __init__(self, program, profile):
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()

        def connect():
            # The browser reads from 3 and writes to 4. Moved up first, lest one is overwritten by the other.
            reading, writing = os.dup(to_browser), os.dup(from_browser)
            high = [os.dup(reading) if reading > 4 else reading, os.dup(writing) if writing > 4 else writing]
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            preexec_fn=connect, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []
        target = next(
            target for target in self.call("Target.getTargets")["targetInfos"] if target["type"] == "page"
        )
        attached = self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    session = None

    def call(self, method, parameters=None):
        """Asks the browser, and waits for its answer; events that come before are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error'].get('message')}")
            else:
                return answer["result"]

    def wait_for(self, method):
        """Waits until an event has happened."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def settle(self, seconds):
        """Listens for a while longer."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left, required=False)
            if message:
                self.events.append(message)

    def receive(self, patience=PATIENCE, required=True):
        end = time.monotonic() + patience
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.input], [], [], max(0, end - time.monotonic()))
            if not ready and not required:
                return None
            part = os.read(self.input, 1 << 20) if ready else b""
            if not part:
                self.log.seek(0)
                raise RuntimeError("the browser does not answer:\n" + self.log.read().decode(errors="replace")[-2000:])
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def close(self):
        os.close(self.output)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def complaints_of(event, page):
    """What an event says against the page."""
    method, told = event.get("method"), event.get("params", {})
    if method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
        yield f"console: {told['entry']['text']}"
    if method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
        yield f"console: {[argument.get('value') for argument in told['args']]}"
    if method == "Runtime.exceptionThrown":
        details = told["exceptionDetails"]
        yield f"exception: {details.get('exception', {}).get('description', details['text'])}"
    if method == "Network.requestWillBeSent":
        address = told["request"]["url"]
        if address != page and not address.startswith("data:"):
            yield f"external request: {address}"


def check(browser, page, view, options):
    width, height, dark = VIEWS[view]
    browser.events.clear()
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.call("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.call("Emulation.setEmulatedMedia", {"features": [scheme]})
    browser.call("Page.navigate", {"url": page})
    browser.wait_for("Page.loadEventFired")
    if options.screenshots:
        picture = browser.call("Page.captureScreenshot", {"captureBeyondViewport": True})
        path = pathlib.Path(options.screenshots) / f"{view}.png"
        path.write_bytes(base64.b64decode(picture["data"]))
    answer = browser.call("Runtime.evaluate", {"expression": INSPECTION, "returnByValue": True})
    if "exceptionDetails" in answer:
        raise RuntimeError(f"the inspection broke: {answer['exceptionDetails']}")
    found = json.loads(answer["result"]["value"])
    # A request may be late.
    browser.settle(0.5)
    complaints = list(found["complaints"])
    for what, expected in (("figures", options.figures), ("expectations", options.expectations)):
        if found[what] != expected:
            complaints.append(f"{found[what]} {what} instead of {expected}")
    for event in browser.events:
        complaints.extend(complaints_of(event, page))
    return [f"{view}: {complaint}" for complaint in complaints]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--figures", type=int, required=True)
    parser.add_argument("--expectations", type=int, required=True)
    parser.add_argument("--chromium", default="chromium")
    parser.add_argument("--screenshots", metavar="DIR")
    options = parser.parse_args()
    page = options.page.resolve(strict=True).as_uri()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(options.chromium, profile)
        try:
            complaints = [complaint for view in VIEWS for complaint in check(browser, page, view, options)]
        finally:
            browser.close()
    print("".join(f"{complaint}\n" for complaint in complaints), end="")
    return 1 if complaints else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, RuntimeError, StopIteration) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
