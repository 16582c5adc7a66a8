"""Chromium without a window: the page as it stands after its scripts have run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BINARY = shutil.which("chromium") or shutil.which("chromium-browser")

needs_browser = pytest.mark.skipif(
    BINARY is None, reason="no chromium on the path (Debian package chromium)"
)


def look(page: Path, folder: Path, *, width: int = 1400, hold: str = "") -> tuple[str, list[str]]:
    """Give the document after drawing and the console's messages."""
    command = [
        *[BINARY, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        *["--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"],
        *[f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1200"],
        *["--virtual-time-budget=20000", "--enable-logging=stderr", "--dump-dom"],
        f"file://{page}{hold}",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "HOME": str(folder)},
    )
    said = re.findall(r"CONSOLE[^\]]*\] (.*)", done.stderr)
    return done.stdout, said
