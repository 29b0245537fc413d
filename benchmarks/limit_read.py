"""The limit of landing: read the same files and decode every line, in the same language, keeping nothing."""

from __future__ import annotations

import gzip
import json
import sys
from contextlib import suppress
from pathlib import Path

for path in Path(sys.argv[1]).iterdir():
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            with suppress(ValueError):
                json.loads(line)
