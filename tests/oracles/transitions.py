"""What can happen to identities between two builds: events that bring none of it about prove nothing."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

from tests.oracles.identity import Identity
from tests.oracles.merge_log import changes

KINDS = {
    "an earlier link displaced a kept one",
    "an e-mail became shared",
    "a device became a kiosk",
    "a refused link came back",
    "a link is gone",
    "an identifier is gone",
    "a previous_id became a user_id",
    "a previous_id became an anonymous_id",
    "a link was seen earlier",
    "an identifier was seen earlier",
    "a profile grew too large",
    "a profile shrank again",
    "profiles merged",
    "a profile split",
    "a profile was renamed",
}


def transitions(before: Identity, after: Identity) -> Counter[str]:
    """How often each of them happened."""
    found: Counter[str] = Counter()
    refused = {
        frozenset({conflict.identifier, conflict.other}): conflict.rule
        for conflict in sorted(after.conflicts, key=lambda conflict: conflict.rule != "later_link")
    }
    became = {
        "later_link": "an earlier link displaced a kept one",
        "shared_email": "an e-mail became shared",
        "kiosk": "a device became a kiosk",
    }
    for link, order in before.links.items():
        if link not in after.links:
            found["a link is gone"] += 1
        elif after.links[link] < order:
            found["a link was seen earlier"] += 1
        if link in before.kept and link in refused:
            found[became[refused[link]]] += 1
        if link not in before.kept and link in after.kept:
            found["a refused link came back"] += 1
    for identifier, seen in before.sightings.items():
        if identifier not in after.sightings:
            found["an identifier is gone"] += 1
        elif after.sightings[identifier].first < seen.first:
            found["an identifier was seen earlier"] += 1
    for link in after.links.keys() - before.links.keys():
        for one, other in permutations(sorted(link)):
            flipped = ("anonymous_id" if one[0] == "user_id" else "user_id", one[1])
            if (
                other[0] == "user_id"
                and frozenset({flipped, other}) in before.links.keys() - after.links.keys()
            ):
                found[
                    f"a previous_id became {'a user_id' if one[0] == 'user_id' else 'an anonymous_id'}"
                ] += 1
    return found + _of_profiles(before, after)


def _of_profiles(before: Identity, after: Identity) -> Counter[str]:
    found: Counter[str] = Counter()
    for profile_id in before.profiles.keys() & after.profiles.keys():
        was, is_now = (identity.profiles[profile_id].is_quarantined for identity in (before, after))
        found["a profile grew too large"] += is_now and not was
        found["a profile shrank again"] += was and not is_now
    for is_split, survivor, former in changes(before, after):
        if is_split:
            found["a profile split"] += 1
        elif former in before.profiles:
            found["profiles merged" if survivor in before.profiles else "a profile was renamed"] += 1
    return found
