"""Documentation does not drift: pages are current, commands that they show exist, links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from segmentloom_sync.cli.app import app

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)(?P<target>[^)\s]+)\)")


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its path."""
    below = getattr(command, "commands", None)
    if below is None:
        yield path, command
    for name, child in (below or {}).items():
        yield from leaves(child, (*path, name))


COMMANDS = dict(leaves(get_command(app)))


def shown_commands(page: Path) -> Iterator[list[str]]:
    """The `segmentloom-sync` lines of a page's shell examples, without comments."""
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["language"] in {"sh", "console", "cron", "bash"}:
            for line in block["text"].splitlines():
                found = re.search(r"(?:^|\s)segmentloom-sync (?P<rest>[^#&|>]*)", line)
                if found:
                    yield found["rest"].split()


@pytest.mark.parametrize("path", list(COMMANDS), ids=" ".join)
def test_every_command_says_what_it_does_and_gives_an_example(path: tuple[str, ...]) -> None:
    text = COMMANDS[path].help or ""
    assert text.strip()
    assert f"segmentloom-sync {' '.join(path)}" in text
    assert re.search(r"^\s*Examples?:", text, re.MULTILINE)
    for parameter in COMMANDS[path].params:
        assert getattr(parameter, "help", None), f"{parameter.name} has no help"


def test_generated_pages_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_commands_in_the_documentation_exist(page: Path) -> None:
    for words in shown_commands(page):
        path = tuple(word for word in words[:2] if not word.startswith("-"))
        command = COMMANDS.get(path) or COMMANDS.get(path[:1])
        if words[0].startswith("-"):
            continue
        assert command is not None, f"no command {' '.join(words)}"
        known = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        for word in words:
            if word.startswith("--"):
                assert word.split("=")[0] in known | {"--help"}, f"{' '.join(words)}: no option {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        assert (page.parent / link["target"].split("#")[0]).exists(), link["target"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_make_targets_in_the_documentation_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["language"] in {"sh", "console", "bash"}:
            assert set(re.findall(r"^make ([a-z-]+)", block["text"], re.MULTILINE)) <= targets


def test_the_readme_fits_a_few_screens() -> None:
    assert len((REPOSITORY / "README.md").read_text().splitlines()) < 150
