"""Which event ids came lately, to tell clients of repetitions. What counts is decided in the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

REMEMBERED: Final = 50_000


class RecentIds:
    """The latest ids of one source, in bounded memory.

    Args:
        most: that many are remembered; at times half as many.
    """

    __slots__ = ("_former", "_half", "_present")

    def __init__(self, most: int = REMEMBERED) -> None:
        self._half = max(1, most // 2)
        self._present: set[str] = set()
        self._former: set[str] = set()

    def repeated(self, ids: Sequence[str]) -> int:
        """How many of these came before, or stand twice among them."""
        present, former = self._present, self._former
        if len(ids) == 1:
            return int(ids[0] in present or ids[0] in former)
        once = set(ids)
        return len(ids) - len(once) + sum([one in present or one in former for one in once])

    def remember(self, ids: Iterable[str]) -> None:
        """Note ids that are kept now."""
        self._present.update(ids)
        if len(self._present) > self._half:
            self._former, self._present = self._present, set()
