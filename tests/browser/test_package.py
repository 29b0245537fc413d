"""The package as it is published: small, built from what is here, the same as what the collector serves."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from typing import Any

from tests.browser.installed import SDK, build_script, build_tools
from tests.browser.site import SCRIPT, SNIPPET
from tests.workspace import REPOSITORY

LIMIT = 3_072
"""Bytes of the script, gzip -9."""
SERVED = REPOSITORY / "segmentloom_sync" / "collector" / "static" / "segmentloom.js"
PAGE = REPOSITORY / "docs" / "javascript.md"


def npm(*arguments: str) -> str:
    """What npm prints."""
    build_tools()
    done = subprocess.run(
        ["npm", *arguments], cwd=SDK, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_script_has_at_most_three_kibibytes() -> None:
    build_script()
    as_a_file = subprocess.run(["gzip", "-9", "-c", SCRIPT], capture_output=True, check=True).stdout
    assert max(len(as_a_file), len(gzip.compress(SCRIPT.read_bytes(), 9))) <= LIMIT
    assert f"of {LIMIT} bytes" in npm("run", "size")


def test_the_collector_serves_what_is_built_from_here() -> None:
    build_script()
    assert SERVED.read_text() == SCRIPT.read_text(), "run `npm run build` in sdk/"


def test_the_pure_parts_hold_by_themselves() -> None:
    assert re.search(r"^# fail 0$", npm("test"), re.MULTILINE)


def test_the_package_holds_the_build_and_no_more() -> None:
    build_script()
    packed: list[dict[str, Any]] = json.loads(npm("pack", "--dry-run", "--ignore-scripts", "--json"))
    files = {file["path"] for file in packed[0]["files"]}
    assert {"package.json", "README.md", "dist/index.js", "dist/index.d.ts", "dist/segmentloom.js"} <= files
    assert all(path.startswith("dist/") for path in files - {"package.json", "README.md"})


def test_the_lock_names_no_address_and_nothing_is_needed_to_run() -> None:
    lock = json.loads((SDK / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
    assert "dependencies" not in json.loads((SDK / "package.json").read_text())


def test_nothing_is_evaluated_as_code() -> None:
    build_script()
    assert not re.search(r"\beval\b|new Function|setTimeout\(['\"`]", SCRIPT.read_text())


def test_the_versions_agree() -> None:
    version = json.loads((SDK / "package.json").read_text())["version"]
    assert f'__version__ = "{version}"' in (REPOSITORY / "segmentloom_sync" / "__init__.py").read_text()


def test_the_documentation_shows_the_snippet_and_the_size_that_are_true() -> None:
    text = PAGE.read_text()
    assert SNIPPET.read_text().strip() in text
    shown = re.search(r"\| \*\*segmentloom\.js\*\* \|[^|]*\| ([\d,]+) \|", text)
    assert shown
    assert int(shown[1].replace(",", "")) == len(gzip.compress(SERVED.read_bytes(), 9))


def test_the_documentation_has_every_option_and_method() -> None:
    text = PAGE.read_text()
    types = (SDK / "src" / "types.ts").read_text()
    block = types[types.index("interface Options") : types.index("export type EventType")]
    options = re.findall(r"^  (\w+)\?:", block, re.MULTILINE)
    assert len(options) == 13
    methods = re.findall(r"^  (\w+),$", (SDK / "src" / "index.ts").read_text(), re.MULTILINE)
    assert len(methods) == 13
    assert [name for name in options if f"| `{name}` |" not in text] == []
    assert [name for name in methods if f"`{name}" not in text] == []
