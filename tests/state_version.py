"""Which macros the rows of incremental models are made by, and the version of what they keep.

`python -m tests.state_version` records the present text of them as that of the present version. Do so when a
change gives the same rows as before; raise macros/incremental/state_version.sql first when it does not.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from tests.workspace import REPOSITORY

RECORD = REPOSITORY / "tests" / "fixtures" / "state_version.json"
FOLDERS = ("identity", "incremental", "cross_db", "sources", "phones", "audience", "conditions")


def present() -> dict[str, Any]:
    """The version, and a digest of the macros without comments and blanks."""
    digest = hashlib.sha256()
    for folder in FOLDERS:
        for file in sorted((REPOSITORY / "macros" / folder).rglob("*.sql")):
            text = re.sub(r"\{#.*?#\}", "", file.read_text(), flags=re.S)
            digest.update(f"{file.name}\n{' '.join(text.split())}\n".encode())
    text = (REPOSITORY / "macros" / "incremental" / "state_version.sql").read_text()
    [version] = re.findall(r"return\((\d+)\)", text)
    return {"version": int(version), "digest": digest.hexdigest()}


if __name__ == "__main__":
    RECORD.write_text(json.dumps(present(), indent=2) + "\n")
