"""Reads one YAML file into plain data and remembers where each value stands.

YAML 1.2's core schema (only true and false are booleans) plus unquoted dates and timestamps. Refused, because
they hide what a reviewer sees: duplicate keys, anchors and aliases, tags, Jinja outside comments.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from segmentloom_sync.audiences.problems import START, Position, Problem
from segmentloom_sync.audiences.yaml_scalars import CoreLoader, number, timestamp

MAXIMUM_BYTES = 256 * 1024
MAXIMUM_DEPTH = 64
JINJA = re.compile(r"\{\{|\{%|\{#")

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data, and the position of every value and every key by its steps from the root."""

    data: Any
    values: Mapping[Steps, Position]
    keys: Mapping[Steps, Position]

    def position(self, steps: Steps, *, of_key: bool = False) -> Position:
        """Where a value (or its key) stands; where its nearest parent does when it is not there."""
        places = self.keys if of_key else self.values
        if steps in places:
            return places[steps]
        return self.position(steps[:-1]) if steps else START


class _Refused(Exception):
    def __init__(self, event: yaml.Event, message: str) -> None:
        super().__init__(message)
        mark = event.start_mark
        self.position = Position(mark.line + 1, mark.column + 1) if mark else START
        self.message = message


def read(content: bytes, path: str, *, kind: str = "audience files") -> tuple[Document | None, list[Problem]]:
    """Read a file's content.

    Args:
        content: the bytes of the file.
        path: how problems name the file.
        kind: how problems name files of its kind.

    Returns:
        The document, or None when it could not be read, and the problems found on the way.
    """
    if len(content) > MAXIMUM_BYTES:
        return None, [Problem(path, START, f"larger than {MAXIMUM_BYTES // 1024} KiB")]
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        place = Position(before.count("\n") + 1, len(before) - before.rfind("\n"))
        return None, [Problem(path, place, "is not UTF-8 text; save the file as UTF-8")]
    jinja = [Problem(path, place, _jinja_message(text, place, kind)) for place in _jinja_in_lines(text)]
    if jinja:
        return None, jinja
    builder = _Builder(kind)
    try:
        root = yaml.compose(text, Loader=_Composer)
        if root is None:
            return None, [Problem(path, START, "is empty")]
        builder.build(root, ())
    except _Refused as refused:
        return None, [Problem(path, refused.position, refused.message)]
    except yaml.MarkedYAMLError as error:
        return None, [Problem(path, *_syntax_problem(error, text))]
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Position(before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1)
        return None, [Problem(path, place, "holds a control character")]
    document = Document(builder.data, builder.values, builder.keys)
    problems = [Problem(path, place, message) for place, message in builder.problems]
    return (None if problems else document), problems


class _Composer(CoreLoader):
    """Composes nodes and refuses what such a file may not have."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(event, "anchors and aliases (&, *) are not allowed; write the value out")
        if getattr(event, "tag", None):
            raise _Refused(event, "tags (!) are not allowed; quote text that starts with !")
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            raise _Refused(event, f"is nested deeper than {MAXIMUM_DEPTH} levels")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Builder:
    """Turns nodes into plain data; collects positions and problems."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.data: Any = None
        self.values: dict[Steps, Position] = {}
        self.keys: dict[Steps, Position] = {}
        self.problems: list[tuple[Position, str]] = []

    def build(self, root: yaml.Node, steps: Steps) -> None:
        self.data = self._value(root, steps)

    def _value(self, node: yaml.Node, steps: Steps) -> Any:
        self.values[steps] = _place(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, steps)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*steps, index)) for index, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(key_node, "a key must be plain text")
                continue
            key = str(key_node.value)
            if key in data:
                self._problem(key_node, f"the key '{key}' is there twice")
                continue
            self.keys[(*steps, key)] = _place(key_node)
            data[key] = self._value(value_node, (*steps, key))
        return data

    def _scalar(self, node: yaml.Node) -> Any:
        text = str(node.value)
        if JINJA.search(text):
            self._problem(node, f"Jinja is not allowed in {self.kind}")
        kind = node.tag.rpartition(":")[2]
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind in {"int", "float"}:
            return number(text)
        if kind == "timestamp":
            return self._timestamp(node, text)
        return text

    def _timestamp(self, node: yaml.Node, text: str) -> datetime:
        try:
            return timestamp(text)
        except (ValueError, OverflowError):
            self._problem(node, f"there is no such date or time as {text}")
            return datetime.min.replace(tzinfo=UTC)

    def _problem(self, node: yaml.Node, message: str) -> None:
        self.problems.append((_place(node), message))


def _place(node: yaml.Node) -> Position:
    return Position(node.start_mark.line + 1, node.start_mark.column + 1)


_SYNTAX = (
    ("indentation indicators", 'text that starts with > or | needs quotes, e.g. count: ">= 2"'),
    ("'\\t' that cannot start", "a tab cannot stand here; use blanks"),
    ("cannot start any token", "{problem}; put quotes around the text"),
    ("expected <block end>", "does not fit in here: look at its indentation, and at quotes before it"),
    ("another document", "a second document begins here; a file holds one"),
    ("expected '<document start>'", "does not fit in here: look at its indentation, and at quotes before it"),
    (
        "mapping values are not allowed",
        "a colon cannot stand here: quote text that holds one; end each key with a colon and a blank",
    ),
    ("expected the node content", "a value is missing here, or a bracket before it is not closed"),
    ("could not find expected ':'", "a key needs a colon and a blank after it"),
)
"""What PyYAML says, and what is said instead."""


_COMPARES = {">": "gt", ">=": "gte"}


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> tuple[Position, str]:
    problem, opened = str(error.problem or "is not valid YAML"), error.context_mark
    mark = error.problem_mark or opened
    message = next((said.format(problem=problem) for words, said in _SYNTAX if words in problem), problem)
    if opened is not None and "could not find expected ':'" in problem:
        mark = opened
    elif opened is not None and "end of stream" in problem:
        mark, message = opened, "the quote that opens here is not closed"
    elif opened is not None and problem.startswith("expected ',' or"):
        bracket, closing = ("{", "}") if problem.startswith("expected ',' or '}'") else ("[", "]")
        message = f"expected , or {closing} here"
        if "<stream end>" in problem or mark is None or mark.line > opened.line:
            mark, message = opened, f"the {bracket} that opens here is not closed"
    elif mark is not None:
        message = _about_line(text, mark, problem) or message
    return Position(mark.line + 1, mark.column + 1) if mark else START, message


def _about_line(text: str, mark: yaml.Mark, problem: str) -> str | None:
    """What the line shows that YAML does not know of: a sign for an operator, a key that stands too deep."""
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    sign = re.search(r"(?:^|[\s{,])(>=?)['\"]?\s*:", line)
    if sign and line.find(">") <= mark.column:
        return f"{sign[1]} cannot be a key; write {_COMPARES[sign[1]]}: for it"
    key = re.fullmatch(r"\s+(\w+)\s*", line[: mark.column])
    if key and mark.line and "mapping values are not allowed" in problem:
        return f"'{key[1]}' stands deeper than the keys above it: look at its indentation"
    return None


def _jinja_in_lines(text: str) -> list[Position]:
    """Where Jinja begins outside comments. What quotes spanning lines hide is caught on the scalars."""
    places = []
    for row, line in enumerate(text.splitlines(), start=1):
        end = _comment_start(line)
        starts = (found.start() for found in JINJA.finditer(line))
        places += [Position(row, start + 1) for start in starts if start < end]
    return places


def _comment_start(line: str) -> int:
    quote = ""
    for index, character in enumerate(line):
        before = line[index - 1] if index else " "
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and before in " \t[{,:":
            quote = character
        elif character == "#" and before in " \t":
            return index
    return len(line)


def _jinja_message(text: str, place: Position, kind: str) -> str:
    line = text.splitlines()[place.line - 1]
    mark = line[place.column - 1 : place.column + 1]
    return f"Jinja ({mark}) is not allowed in {kind}"
