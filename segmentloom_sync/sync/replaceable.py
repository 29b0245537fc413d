"""Which lists can be replaced, before anything is begun."""

from __future__ import annotations

from collections.abc import Sequence

from segmentloom_sync.destinations.replaces_members import ReplacesMembers
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.sync.target import SyncTarget


def require_replaceable(targets: Sequence[SyncTarget]) -> list[str]:
    """Make sure that each audience has a list whose platform can replace it.

    Args:
        targets: all lists of the audiences.

    Returns:
        A warning for each list that cannot be replaced beside one that can.

    Raises:
        ConfigError: none of an audience's lists can.
    """
    able = {target.audience for target in targets if isinstance(target.destination, ReplacesMembers)}
    for target in targets:
        if target.audience not in able:
            kinds = sorted({other.destination.type for other in targets if other.audience == target.audience})
            raise ConfigError(
                f"no list of {target.audience} can be replaced: {', '.join(kinds)} cannot remove whoever was "
                "not sent",
                hint="delete the list there; then segmentloom-sync run "
                f"{target.audience} --recreate makes it anew and fills it",
            )
    return [
        f"the list '{target.list_name}' at {target.destination_name} is not replaced: "
        f"{target.destination.type} cannot remove whoever was not sent; it is brought into step as ever"
        for target in targets
        if not isinstance(target.destination, ReplacesMembers)
    ]
