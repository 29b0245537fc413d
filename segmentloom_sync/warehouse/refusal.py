"""What an engine says when it refuses, without the values that it likes to quote.

Engines quote rows in too many ways to recognise them all, so it is the other way round: only what is known to
hold no row is kept, namely classes and codes of errors, and sentences about relations and columns.
"""

from __future__ import annotations

import re

from segmentloom_sync.errors import WarehouseError

_LIMIT = 300
_CLASS = re.compile(
    r"\b(?:Binder|Catalog|Compilation|Connection|Constraint|Conversion|Database|Dependency|HTTP|IO|Internal"
    r"|Interrupt|Invalid Configuration|Invalid Input|Invalid Type|Mismatch Type|Not implemented|Out of Memory"
    r"|Out of Range|Parameter Not Resolved|Parser|Parsing|Permission|Runtime|SQL compilation|Sequence"
    r"|Serialization|Syntax|Transaction(?:Context)?|Validation) [Ee]rror\b"
    r"|^\d{3}(?= )|\b\d{6} \([0-9A-Z]{5}\)",
    re.MULTILINE,
)
_NAME = r"""["'`]?[A-Za-z_][\w$-]*(?:["'`]?[.:]["'`]?[A-Za-z_][\w$-]*)*["'`]?"""
_ABOUT_NAMES = re.compile(
    rf"(?:Object|Schema|Database|Table|View|Function|\w+ with name) {_NAME}"
    rf"(?: does not exist(?: or not authorized)?|(?: was)? not found)"
    rf"|Referenced (?:column|table) {_NAME} not found"
    rf"|Table {_NAME} does not have a column (?:named |with name )?{_NAME}"
    rf"|(?:invalid identifier|Unknown function|Unrecognized name:|Function not found:) {_NAME}"
    rf"|Not found: (?:Table|Dataset|Project|Function) {_NAME}"
    rf"|Access Denied: (?:Table|Dataset|Project) {_NAME}"
    rf"|Name {_NAME} not found inside {_NAME}"
    rf"|NOT NULL constraint failed: {_NAME}"
    r"|violates (?:unique|primary key) constraint"
    r"|UPDATE/MERGE must match at most one source row for each target row"
    r"|Duplicate row detected during DML action"
    r"|(?:at \[\d+:\d+\])"
    r"|Got \d+ results?, configured to (?:fail|warn) if [<>=! ]+\d+",
    re.IGNORECASE,
)
# dbt's own words: what it reads before it opens the warehouse, and the macros' checks, know no rows.
_BEFORE_ANY_ROW = re.compile(
    r"\s*(?:Encountered an error:\s*)?(?:(?:Compilation|Parsing|Runtime|Validation) Error|Error:)"
)
_OF_A_NODE = re.compile(r"(?:Runtime|Database) Error in |Database Error")
_QUOTED_VALUE = re.compile(r"[^\s\"'<>:,;]+@[^\s\"'<>:,;]+|[0-9A-Fa-f]{24,}|\+?\d[\d ()-]{6,}\d")


def refusal(error: Exception, *, doing: str) -> WarehouseError:
    """A WarehouseError for a driver's error.

    Args:
        error: what the driver raised; its text may quote rows.
        doing: what was tried, e.g. `loading segmentloom_raw.events`.
    """
    known = _known(str(error))
    return WarehouseError(f"the warehouse refused {doing}: {known or type(error).__name__}")


def without_values(text: str) -> str:
    """What dbt or an engine says, without anything that may come from a row."""
    if _BEFORE_ANY_ROW.match(text) and not _OF_A_NODE.search(text):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return _short(_QUOTED_VALUE.sub("...", " ".join(lines[:3])))
    return _known(text) or "no message that may be shown"


def _known(text: str) -> str:
    """Class, code and sentences about names that the text holds."""
    classes = dict.fromkeys(match[0] for match in _CLASS.finditer(text))
    sentences = dict.fromkeys(match[0] for match in _ABOUT_NAMES.finditer(text))
    return _short(": ".join(part for part in (": ".join(classes), ", ".join(sentences)) if part))


def _short(message: str) -> str:
    return message if len(message) <= _LIMIT else f"{message[:_LIMIT]}..."
