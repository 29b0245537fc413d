"""Keeps DuckDB from importing pandas, which takes seconds and of which we use nothing.

DuckDB asks of each value that it binds whether it is one of pandas' missing values, and imports pandas to
know. Where pandas cannot be imported it goes on without, so while values are bound it cannot.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

_PANDAS: Final = "pandas"
_LOCK = Lock()
_inside = 0


@contextmanager
def without_pandas() -> Iterator[None]:
    """While the block runs `import pandas` fails, unless somebody has imported it already."""
    global _inside
    with _LOCK:
        _inside += 1
        if _PANDAS not in sys.modules:
            # This is how Python is told that a module is not there.
            sys.modules[_PANDAS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        with _LOCK:
            _inside -= 1
            if not _inside and _PANDAS in sys.modules and sys.modules[_PANDAS] is None:
                del sys.modules[_PANDAS]
