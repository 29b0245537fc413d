"""What a check finds: rows of the state that are not what a rebuild makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

REPAIR: Final = "dbt build --full-refresh -s segmentloom__events+"
EXAMPLES: Final = 5
"""How many rows of a table are named."""


@dataclass(frozen=True, slots=True)
class Differences:
    """Those of one table.

    Attributes:
        rows: how many were compared.
        missing: rows that should be there.
        extra: rows that should not be there.
        different: rows with another value than they should have.
        columns: how often each column has.
        examples: some of these rows: what is wrong, and the key. No personal data.
    """

    table: str
    rows: int
    missing: int = 0
    extra: int = 0
    different: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    examples: Sequence[Mapping[str, Any]] = ()

    @property
    def total(self) -> int:
        """All rows that are wrong."""
        return self.missing + self.extra + self.different

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "table": self.table,
            "rows": self.rows,
            "missing": self.missing,
            "extra": self.extra,
            "different": self.different,
            "columns": dict(self.columns),
            "examples": [dict(example) for example in self.examples],
        }


@dataclass(frozen=True, slots=True)
class Check:
    """The answer of `identity check`.

    Attributes:
        profiles: how many were looked at.
        of_profiles: how many there are.
    """

    mode: str
    profiles: int
    of_profiles: int
    tables: Sequence[Differences]

    @property
    def total(self) -> int:
        """All rows that are wrong."""
        return sum(table.total for table in self.tables)

    def document(self) -> dict[str, Any]:
        """The keys of `--json`."""
        return {
            "mode": self.mode,
            "profiles": self.profiles,
            "of_profiles": self.of_profiles,
            "differences": self.total,
            "tables": [table.document() for table in self.tables],
            "repair": REPAIR if self.total else None,
        }
