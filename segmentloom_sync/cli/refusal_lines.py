"""Guards against a link, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentloom_sync.cli.shown import counted, shown

if TYPE_CHECKING:
    from segmentloom_sync.identity.refusals import Refusal

_TYPES = {"user_id": "user id", "email": "e-mail", "anonymous_id": "anonymous id"}


def refusal_line(refusal: Refusal) -> str:
    """The guard, what it counted, and how many of those links count: none, or of a device the earliest."""
    carrier = shown(refusal.carrier)
    if refusal.rule != "later_link":
        return (
            f"refused by {refusal.rule}: {carrier} is linked to {counted(refusal.link_count, 'user id')}, "
            f"the limit is {refusal.link_limit:,}: none of its {counted(refusal.refused, 'link')} counts"
        )
    links = counted(refusal.link_count, _TYPES.get(refusal.far_type, refusal.far_type))
    line = f"refused by {refusal.rule}: {carrier} is linked to {links}, only the earliest can count"
    if refusal.earliest is None:
        return line
    other, state = shown(refusal.earliest.other), refusal.earliest.state
    if state == "counts":
        return f"{line}: that to {other}"
    why = "was unmerged" if state == "unmerged" else "is refused by a guard as well"
    return f"{line}: that to {other} {why}, so none counts"
