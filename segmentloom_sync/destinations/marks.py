"""The mark that a list bears at the platform: which warehouse keeps it in step.

A second warehouse whose own records are empty, such as a development target with the credentials of
production, finds the list by its name and would fill it anew. The mark tells it whose the list is.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol, runtime_checkable

from segmentloom_sync.destinations.base import AudienceList

_MARK = re.compile(r"\s*\[segmentloom target=(?P<target>[^\]]*) environment=(?P<environment>[0-9a-f]+)\]")
_UNFIT = re.compile(r"[^\w.\-]")


class Mark(NamedTuple):
    """Whose a list is."""

    target: str
    """The name of the dbt target."""
    environment_id: str
    """Of the warehouse and schema, hexadecimal; see `segmentloom_sync.sync.environment`."""

    def __str__(self) -> str:
        name = _UNFIT.sub("_", self.target)[:40]
        return f"[segmentloom target={name} environment={self.environment_id}]"


@runtime_checkable
class DescribesLists(Protocol):
    """A destination whose platform keeps a text with each list. Both raise as `base.Destination` says."""

    def description(self, audience_list: AudienceList) -> str:
        """The text; empty where there is none."""
        ...

    def describe(self, audience_list: AudienceList, text: str) -> None:
        """Write it in place of the former one."""
        ...


def mark_of(description: str) -> Mark | None:
    """The mark in a description, if one is there."""
    found = _MARK.search(description)
    return Mark(found["target"], found["environment"]) if found else None


def marked(description: str, mark: Mark) -> str:
    """The description with this mark and no other; what people wrote stays."""
    return f"{_MARK.sub('', description)} {mark}".strip()
