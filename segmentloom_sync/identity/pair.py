"""The link that arguments name: a merge id, or two identifiers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.find_profile import Found, find_profile, profile_of
from segmentloom_sync.identity.graph import profile_graph
from segmentloom_sync.identity.identifier import Identifier, is_id, parse_id, parse_identifier
from segmentloom_sync.identity.links import Link, link_between, links_of
from segmentloom_sync.identity.merges import find_merge
from segmentloom_sync.warehouse.base import Warehouse

MOST_NEAREST = 10


class NoSuchLink(ConfigError):
    """No event shows the two identifiers together.

    Args:
        nearest: links that could be meant: those that connect the two, else the earliest of the first.
            Personal data, so no part of the message.
    """

    def __init__(self, message: str, *, hint: str, nearest: tuple[Link, ...]) -> None:
        super().__init__(message, hint=hint)
        self.nearest = nearest

    def document(self) -> dict[str, Any]:
        """What `--json` prints beside the error."""
        return {"link": None, "nearest_links": [link.document() for link in self.nearest]}


@dataclass(frozen=True, slots=True)
class Named:
    """A link and the merge id that named it; None when identifiers did."""

    link: Link
    merge_id: str | None


def named_link(warehouse: Warehouse, first: str, second: str | None) -> Named:
    """The link that the arguments mean.

    Args:
        first: a merge id, or an identifier when there is a second.
        second: another identifier.

    Raises:
        ConfigError: they name nothing.
        NoSuchLink: no event shows that link.
    """
    if second is None:
        return _by_merge_id(warehouse, first)
    one, other = _identifier(first), _identifier(second)
    if one == other:
        raise ConfigError("both identifiers are the same one", hint="a link has two ends: IDENTIFIER OTHER")
    return Named(_existing(warehouse, one, other), None)


def _by_merge_id(warehouse: Warehouse, text: str) -> Named:
    if not is_id(text):
        parse_identifier(text)
        raise ConfigError(
            "one identifier does not name a link",
            hint="give both of its ends, IDENTIFIER OTHER, or the merge id that "
            "`segmentloom-sync identity merges` shows",
        )
    merge_id = parse_id(text)
    merge = find_merge(warehouse, merge_id)
    if merge is None:
        raise _no_merge(warehouse, merge_id)
    if merge.ends is None:
        raise ConfigError(
            f"no link is behind the {merge.kind} {merge_id}",
            hint=f"see `segmentloom-sync profile {merge.surviving_profile_id}`",
        )
    return Named(_existing(warehouse, *merge.ends), merge_id)


def _no_merge(warehouse: Warehouse, text: str) -> ConfigError:
    found = _profile(warehouse, text)
    if found is None:
        return ConfigError(f"there is no merge {text}", hint="see `segmentloom-sync identity merges`")
    now = f", now {found.profile_id}" if found.former_id else ""
    return ConfigError(
        f"{text} is no merge but a profile{now}",
        hint=f"its merges: segmentloom-sync identity merges --profile {found.profile_id}",
    )


def _profile(warehouse: Warehouse, text: str) -> Found | None:
    try:
        return find_profile(warehouse, text)
    except ConfigError:
        return None


def _identifier(text: str) -> Identifier:
    if is_id(text):
        raise ConfigError(
            "a link has two identifiers, and that is a profile id or a merge id",
            hint="give a merge id alone, or two identifiers; "
            f"`segmentloom-sync profile {parse_id(text)}` lists those of a profile",
        )
    return parse_identifier(text)


def _existing(warehouse: Warehouse, one: Identifier, other: Identifier) -> Link:
    link = link_between(warehouse, one, other)
    if link is not None:
        return link
    profile_id, other_profile_id = profile_of(warehouse, one), profile_of(warehouse, other)
    for identifier, found in ((one, profile_id), (other, other_profile_id)):
        if found is None:
            raise NoSuchLink(
                f"no event that was built has that {identifier.type}", hint="check the spelling", nearest=()
            )
    path = (
        profile_graph(warehouse, str(profile_id)).path(one, other) if profile_id == other_profile_id else None
    )
    if path:
        raise NoSuchLink(
            f"no event shows that {one.type} and that {other.type} together",
            hint=f"{len(path)} other links connect them, as listed",
            nearest=tuple(path[:MOST_NEAREST]),
        )
    raise NoSuchLink(
        f"no event shows that {one.type} and that {other.type} together, and nothing connects them",
        hint=f"the links of the {one.type} are listed",
        nearest=tuple(links_of(warehouse, one, MOST_NEAREST)),
    )
