"""Checks that every function and type that Snowflake is asked for is one of Snowflake's own.

The emulator runs on another engine and knows that engine's functions too, so a statement that works there
proves nothing about a name. Runs in the environment `check`: python snowflake_names.py JOURNAL
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from entries import Statement, Table, entries, report
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokens import Token, TokenType

KNOWN = {
    kind: frozenset(words.split())
    for kind, words in tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")).items()
}
FOLLOWED_BY_PARENTHESIS = KNOWN["functions"] | KNOWN["types"] | KNOWN["syntax"]
NO_NAMES = {TokenType.IDENTIFIER, TokenType.STRING}
NAME = re.compile(r"[a-z_][a-z0-9_]*")
A_RELATION_FOLLOWS = {"into", "table", "with", "recursive", "view", "exists", "update"}


def unknown_names(sql: str) -> list[str]:
    """The functions and types of the statement that are not Snowflake's."""
    tokens = Snowflake().tokenize(sql)
    names = []
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if token.token_type in NO_NAMES or not NAME.fullmatch(token.text.lower()):
            continue
        if before is not None and before.token_type is TokenType.DCOLON:
            known = KNOWN["types"]
        elif after is not None and after.token_type is TokenType.L_PAREN and not _names_a_relation(before):
            known = FOLLOWED_BY_PARENTHESIS
        else:
            continue
        if token.text.lower() not in known:
            names.append(token.text)
    return names


def _names_a_relation(before: Token | None) -> bool:
    """Whether what follows `before` is a relation, with its columns in parentheses."""
    if before is None:
        return False
    return before.token_type is TokenType.DOT or before.text.lower() in A_RELATION_FOLLOWS


def verdicts(journal: str) -> Iterator[tuple[Statement, str]]:
    """Each statement with the names in it that Snowflake does not know, or "" where there is none."""
    for entry in entries(journal):
        if not isinstance(entry, Table):
            names = unknown_names(entry.sql)
            yield entry, f"not in Snowflake: {', '.join(sorted(set(names)))}" if names else ""


if __name__ == "__main__":
    sys.exit(report(verdicts(sys.argv[1])))
