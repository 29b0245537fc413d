"""The limit of a push: post bodies that lie ready in a folder to where the push would send them.

    python benchmarks/limit_send.py FOLDER URL

Prints the seconds from the first request to the last answer.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import requests

folder, url = sys.argv[1:]
session = requests.Session()
headers = {"Authorization": "Bearer simulator-token", "Content-Type": "application/json"}
began = time.perf_counter()
for file in sorted(Path(folder).iterdir()):
    session.post(url, data=file.read_bytes(), headers=headers, timeout=60).raise_for_status()
print(time.perf_counter() - began)
