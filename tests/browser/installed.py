"""What tests of JavaScript need beyond Python: Chromium with its driver, build tools, others' libraries.

Each is installed where it is missing. What cannot be installed fails with the command that would do it:
a skipped test would look like one that holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.workspace import REPOSITORY

SDK = REPOSITORY / "sdk"
LIBRARIES = REPOSITORY / "tests" / "collector" / "libraries"
EDITOR = REPOSITORY / "tests" / "docs" / "editor"
INSTALL_CHROMIUM = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "chromium-driver"]
TIMEOUT_SECONDS = 600


class Chromium(NamedTuple):
    """The browser's and its driver's program."""

    browser: str
    driver: str


@cache
def chromium() -> Chromium:
    """Chromium and its driver, installed from Debian's packages when they are missing.

    Raises:
        RuntimeError: they are missing and cannot be installed; the message says how to.
    """
    with _turn("chromium"):
        if _found() is None and shutil.which("apt-get") and os.geteuid() == 0:
            quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            _run(["apt-get", "update", "-qq"], environment=quiet)
            _run(INSTALL_CHROMIUM, environment=quiet)
        found = _found()
    if found is None:
        raise RuntimeError(
            f"the browser tests need Chromium and its driver: sudo {' '.join(INSTALL_CHROMIUM)}"
        )
    return found


@cache
def build_tools() -> None:
    """The SDK's node_modules, as its lock file has them.

    Raises:
        RuntimeError: there is no npm, or it fails; the message is its own.
    """
    _node_modules(SDK)


@cache
def libraries() -> Path:
    """The folder with JavaScript libraries of Segment, RudderStack and others, as its lock file has them.

    Raises:
        RuntimeError: there is no npm, or it fails; the message is its own.
    """
    _node_modules(LIBRARIES)
    return LIBRARIES


@cache
def language_server() -> Path:
    """The program that checks YAML in editors, as its lock file has it.

    Raises:
        RuntimeError: there is no npm, or it fails; the message is its own.
    """
    _node_modules(EDITOR)
    return EDITOR / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"


@cache
def build_script() -> None:
    """Builds the SDK into `sdk/dist`, leaving the committed copy as it is.

    Raises:
        RuntimeError: the build fails; the message is its own.
    """
    build_tools()
    with _turn("sdk"):
        _run(["npm", "run", "build", "--", "--keep"], folder=SDK)


def _node_modules(folder: Path) -> None:
    if shutil.which("npm") is None:
        raise RuntimeError(
            "tests of JavaScript need Node.js 20 or later with npm: sudo apt-get install -y nodejs npm"
        )
    with _turn(folder.name):
        wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
        ready = folder / "node_modules" / ".segmentloom"
        if not ready.exists() or ready.read_text() != wanted:
            _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder=folder)
            ready.write_text(wanted)


def _found() -> Chromium | None:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return Chromium(browser, driver) if browser and driver else None


@contextmanager
def _turn(name: str) -> Iterator[None]:
    """Two test runs at once take turns: both would install."""
    with (Path(tempfile.gettempdir()) / f"segmentloom_{name}_{os.geteuid()}.turn").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _run(command: list[str], *, folder: Path = REPOSITORY, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {(done.stderr or done.stdout).strip()[-500:]}")
