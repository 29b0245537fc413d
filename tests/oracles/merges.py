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


def merge_causes(identity: Identity) -> dict[Identifier, Cause]:
    """The link that put each identifier into a group with an older one; a profile's oldest has none.

    All of them are the minimum spanning forest of the kept links, by Kruskal: each link in the order of
    (time, source, event, ends) joins two groups that no earlier one had joined, or does nothing.
    """
    oldest = {identifier: identifier for identifier in identity.sightings}
    causes: dict[Identifier, Cause] = {}

    def oldest_of(identifier: Identifier) -> Identifier:
        while oldest[identifier] != identifier:
            oldest[identifier] = oldest[oldest[identifier]]
            identifier = oldest[identifier]
        return identifier

    for link in sorted(identity.kept, key=lambda link: (identity.kept[link], written(link))):
        older, *younger = sorted(
            {oldest_of(end) for end in link}, key=lambda one: (identity.sightings[one].first, one)
        )
        for one in younger:  # none when an earlier link had joined them
            oldest[one] = older
            causes[one] = written(link)
    return causes


def redirects(identity: Identity) -> dict[str, str]:
    """The profile of every id that is none of its own: its oldest identifier is in an older one's profile."""
    return {
        former: profile
        for identifier, profile in identity.profile_of.items()
        if (former := profile_id_of(identifier)) != profile
    }
