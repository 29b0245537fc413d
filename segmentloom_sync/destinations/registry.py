"""Which destinations there are: classes in the entry-point group `segmentloom.destinations`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from segmentloom_sync.errors import ConfigError

GROUP = "segmentloom.destinations"


def destination_types() -> dict[str, EntryPoint]:
    """Every registered type by name, not yet imported."""
    return dict(_registered(tuple(sys.path)))


@cache
def _registered(path: Sequence[str]) -> Mapping[str, EntryPoint]:
    """Those of the packages on a path; looking reads a file of each package that is installed."""
    return {point.name: point for point in entry_points(group=GROUP)}


def destination_type(name: str) -> type[Any]:
    """The class of a destination type, as `base.Destination` describes it.

    Raises:
        ConfigError: no package registers that type.
    """
    known = destination_types()
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known types: {', '.join(sorted(known)) or 'none'}"
        raise ConfigError(f"unknown destination type '{name}'", hint=hint)
    loaded: type[Any] = known[name].load()
    return loaded
