"""What the page for those who write audiences shows is what the code and the schema of editors take."""

from __future__ import annotations

import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from segmentloom_sync.audiences.json_schema import audience_schema
from segmentloom_sync.audiences.known_names import KnownNames
from segmentloom_sync.audiences.library import parse
from segmentloom_sync.audiences.reader import read
from tests.docs.test_docs import FENCE, REPOSITORY

PAGE = (REPOSITORY / "docs" / "audiences.md").read_text(encoding="utf-8")
RIGHT, MISTAKES = PAGE.split("\n## Mistakes\n")
VALIDATOR = jsonschema.Draft7Validator(audience_schema())


def blocks(text: str, language: str) -> list[str]:
    return [found["text"] for found in FENCE.finditer(text) if found["language"] == language]


def as_file(block: str) -> str:
    """A block of conditions as a file; others are files."""
    if not block.startswith("- "):
        return block
    return "match:\n  any:\n" + "".join(f"    {line}\n" for line in block.splitlines())


def cells(section: str, keys: tuple[str, ...]) -> list[str]:
    """The snippets in the first column of a section's tables that begin with one of the keys."""
    text = re.split(r"\n#+ ", PAGE.split(f"\n## {section}\n")[1])[0]
    rows = re.findall(r"^\| (.+?) \| ", text, re.MULTILINE)
    snippets = [snippet for row in rows for snippet in re.findall(r"`([^`]+)`", row)]
    return [snippet for snippet in snippets if snippet.startswith(keys) and "..." not in snippet]


COUNTED = cells("Conditions", ("within:", "count:", "distinct_days:", "sum:", "avg:", "min:", "occurrence:"))
TESTED = cells("Tests", ("min_", "max_", "includes:", "excludes:", "disjoint_from:"))


def problems(text: str) -> list[str]:
    destinations = {name: name for name in ("google_ads", "meta", "linkedin")}
    known = KnownNames(frozenset({"big_baskets", "wrong"}), destinations)
    return [
        str(problem)
        for problem in parse(text.encode(), name="wrong", label="audiences/wrong.yml", known=known)[1]
    ]


def data(text: str) -> Any:
    document, unreadable = read(text.encode(), "a.yml")
    assert document is not None, unreadable
    return document.data


def test_the_page_shows_enough_to_be_worth_checking() -> None:
    assert len(blocks(RIGHT, "yaml")) == 4
    assert (len(COUNTED), len(TESTED)) == (8, 6)


@pytest.mark.parametrize(
    "text",
    [
        *map(as_file, blocks(RIGHT, "yaml")),
        *(f"match: {{event: a, {snippet}}}" for snippet in COUNTED),
        *(f"match: {{event: a}}\ntests: {{{snippet}}}" for snippet in TESTED),
    ],
)
def test_every_example_is_right(text: str) -> None:
    audience, wrong = parse(text.encode(), name="a", label="a")
    assert audience is not None, wrong
    assert [error.message for error in VALIDATOR.iter_errors(data(text))] == []


def test_the_mistakes_are_said_as_the_page_says_them() -> None:
    (wrong,) = blocks(MISTAKES, "yaml")
    said = blocks(MISTAKES, "text")[0].splitlines()
    assert [f"error: {problem}" for problem in problems(wrong)] == said
    assert list(VALIDATOR.iter_errors(data(wrong)))
