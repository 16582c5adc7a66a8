"""One tab of Chromium that is asked over a pipe: for sizes, colour schemes, media and keys, which no switch sets."""

import fcntl
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path

from browser import BINARY

# The browser reads commands from descriptor 3 and writes answers to 4, whatever the pipes are called here.
MOVE = """import os, sys
for to, fd in enumerate(sys.argv[1:3], start=3):
    os.dup2(int(fd), to)
os.execv(sys.argv[3], sys.argv[3:])
"""
PATIENCE = 100  # seconds
DRAWN = """new Promise(done => {
  const root = document.documentElement;
  const look = () => { if (root.dataset.drawn || !document.querySelector(".chart")) done(); };
  new MutationObserver(look).observe(root, { attributes: true });
  look();
})"""


class Tab:
    """A browser with one tab; `close` ends it.

    Attributes
    ----------
    said : list of str
        What the pages have written to the console since the last `open`, errors included.
    """

    def __init__(self, folder: Path) -> None:
        ours, theirs = os.pipe(), os.pipe()
        high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (ours[0], theirs[1])]
        self.into, self.out = ours[1], theirs[0]
        command = [
            *[sys.executable, "-c", MOVE, str(high[0]), str(high[1]), BINARY],
            *["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            *["--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"],
            *[
                f"--user-data-dir={folder / 'profile'}",
                "--remote-debugging-pipe",
                "--hide-scrollbars",
            ],
            "about:blank",
        ]
        self.process = subprocess.Popen(
            command,
            pass_fds=high,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )
        for fd in (ours[0], theirs[1], *high):
            os.close(fd)
        self.said: list[str] = []
        self.loaded = False
        self.rest, self.count, self.session = b"", 0, None
        self.folder = folder
        targets = self.call("Target.getTargets")["targetInfos"]
        mine = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=mine, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        os.close(self.into)
        os.close(self.out)
        self.process.terminate()
        self.process.wait(PATIENCE)

    def call(self, method: str, **parameters):
        """Send a command of the DevTools protocol and give its result."""
        self.count += 1
        asked = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            asked["sessionId"] = self.session
        os.write(self.into, json.dumps(asked).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)

    def _next(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.rest:
            if not select.select([self.out], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            came = os.read(self.out, 1 << 20)
            if not came:
                raise ConnectionError("the browser has ended")
            self.rest += came
        whole, _, self.rest = self.rest.partition(b"\0")
        return json.loads(whole)

    def _note(self, event) -> None:
        given = event.get("params", {})
        self.loaded |= event.get("method") == "Page.loadEventFired"
        if event.get("method") == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(a.get("value", a)) for a in given["args"]))
        elif event.get("method") == "Runtime.exceptionThrown":
            self.said.append(json.dumps(given["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded":
            self.said.append(given["entry"]["text"])

    def run(self, script: str):
        """Give what an expression is worth in the page, a promise once it is kept."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"]))
        return found["result"].get("value")

    def dress(self, *, width: int, height: int = 1200, scheme: str = "light", media: str = ""):
        """Set the size of the window, the colour scheme and the medium (screen, or print)."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        scheme = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def open(self, page: Path, hold: str = "", **dress) -> float:
        """Open a page, wait until its charts are drawn, and give the seconds that this took."""
        self.dress(**{"width": 1400, **dress})
        self._load("about:blank")  # or another hash of the same page would not load it anew
        self.said.clear()
        start = time.perf_counter()
        self._load(f"file://{page}{hold}")
        self.run(DRAWN)
        return time.perf_counter() - start

    def _load(self, address: str) -> None:
        self.loaded = False
        self.call("Page.navigate", url=address)
        while not self.loaded:
            self._note(self._next())

    def whole(self) -> None:
        """Make the window as high as the page, so that everything in it can be pointed at."""
        size = self.run("[innerWidth, document.documentElement.scrollHeight]")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            **{"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False},
        )

    def press(self, key: str, code: int) -> None:
        """Press and release a key."""
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent",
                **{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, **text},
            )
