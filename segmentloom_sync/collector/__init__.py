"""Receives events over HTTP and answers only when they are on disk; `load` moves them on."""

from __future__ import annotations

import importlib.util
import sys

from segmentloom_sync.errors import ConfigError


def require_extra() -> None:
    """Say what to install where the collector's packages are missing.

    Raises:
        ConfigError: they are, or this is Windows.
    """
    if sys.platform == "win32":
        raise ConfigError("the collector needs Linux or macOS", hint="run it in a container or in WSL")
    if not all(importlib.util.find_spec(name) for name in ("granian", "msgspec", "uvloop")):
        raise ConfigError(
            "the collector's packages are not installed", hint='pip install "segmentloom[collector]"'
        )
