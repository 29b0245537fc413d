"""Which links made the profiles, and which ids lead to which profile, said again in plain Python."""

from __future__ import annotations

from tests.oracles.events import Identifier
from tests.oracles.identity import Identity, Link, profile_id_of

STRENGTH = ("user_id", "email", "anonymous_id")
Cause = tuple[Identifier, Identifier]
"""A link as it is written: the stronger type first, of two user_ids the lesser."""


def written(link: Link) -> Cause:
    """A link's two ends in the order in which it is written."""
    one, other = sorted(link, key=lambda end: (STRENGTH.index(end[0]), end[1]))
    return one, other


def merge_causes(identity: Identity) -> set[Cause]:
    """The links that joined two groups of identifiers: the minimum spanning forest of the kept ones.

    By Kruskal: each link in the order of (time, source, event, ends) joins two groups that no earlier one had
    joined, or does nothing.
    """
    groups = {identifier: identifier for identifier in identity.sightings}
    causes: set[Cause] = set()

    def group_of(identifier: Identifier) -> Identifier:
        while groups[identifier] != identifier:
            groups[identifier] = groups[groups[identifier]]
            identifier = groups[identifier]
        return identifier

    for link in sorted(identity.kept, key=lambda link: (identity.kept[link], written(link))):
        one, other = (group_of(end) for end in link)
        if one != other:
            groups[one] = other
            causes.add(written(link))
    return causes


def redirects(identity: Identity) -> dict[str, str]:
    """The profile of every id that is none of its own: its oldest identifier is in an older one's profile."""
    return {
        former: profile
        for identifier, profile in identity.profile_of.items()
        if (former := profile_id_of(identifier)) != profile
    }
