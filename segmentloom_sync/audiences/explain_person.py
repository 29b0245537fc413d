"""Everything that `explain` says of one person: the conditions, what is published, what the lists get."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from segmentloom_sync.audiences import evaluation
from segmentloom_sync.audiences.choose import Choice
from segmentloom_sync.audiences.explain import Explainer, Explanation
from segmentloom_sync.audiences.explain_sending import explain_sending
from segmentloom_sync.audiences.preview_destinations import Choices, DestinationCounter
from segmentloom_sync.identity import find_profile
from segmentloom_sync.identity.built import require_built
from segmentloom_sync.identity.find_profile import Found
from segmentloom_sync.identity.profile import read_summary
from segmentloom_sync.identity.profile_attributes import profile_attributes
from segmentloom_sync.identity.profile_places import holdings, memberships
from segmentloom_sync.sync.evaluations import failed_evaluations
from segmentloom_sync.warehouse.base import Warehouse

if TYPE_CHECKING:
    from segmentloom_sync.project import Project

NEEDED = (*evaluation.NEEDED, *find_profile.NEEDED, "int_segmentloom__owner_attributes", "hashed_identifiers")


def find_person(warehouse: Warehouse, identifier: str) -> Found:
    """The profile that an argument means.

    Raises:
        ConfigError: nothing like it is known, or the warehouse is not built yet.
    """
    require_built(warehouse, NEEDED)
    return find_profile.find_profile(warehouse, identifier)


def explain_person(
    project: Project,
    warehouse: Warehouse,
    choice: Choice,
    found: Found,
    as_of: datetime,
    configured: Mapping[str, Choices],
    now: datetime,
) -> Explanation:
    """Say why somebody is, or is not, in an audience.

    Args:
        warehouse: an open connection; nothing is written.
        as_of: the end of all windows.
        configured: what segmentloom.yml says of destinations.
        now: the time of the syncs.

    Raises:
        ConfigError: a destination is neither configured nor the name of a platform.
    """
    audience = choice.audience
    profile_id = found.profile_id
    traits = {
        attribute.name: attribute
        for attribute in profile_attributes(warehouse, profile_id)
        if attribute.kind == "trait"
    }
    explanation = Explainer(project, warehouse, choice.others, as_of, found).explain(audience, traits)
    counter = DestinationCounter(warehouse, audience.name, now, configured)
    summary = read_summary(warehouse, profile_id)
    held = holdings(warehouse, profile_id)
    published = next(
        (place for place in memberships(warehouse, [profile_id]) if place.audience == audience.name), None
    )
    _, failed_tests = failed_evaluations(warehouse).get(audience.name, (None, None))
    return dataclasses.replace(
        explanation,
        published=published,
        failed_tests=failed_tests,
        destinations=tuple(
            explain_sending(
                warehouse, counter, spec, profile_id, summary, held, is_member=published is not None
            )
            for spec in audience.sync
        ),
    )
