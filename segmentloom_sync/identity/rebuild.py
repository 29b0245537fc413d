"""Lets dbt take up decisions: the identity models and what a sync reads of them, none of the audiences."""

from __future__ import annotations

from segmentloom_sync.dbt import Dbt
from segmentloom_sync.errors import DbtError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.lock import warehouse_lock
from segmentloom_sync.warehouse.refusal import without_values

SELECTION = "int_segmentloom__identity_map+,+segmentloom__hashed_identifiers"
"""What lies between the model that applies decisions and the hashes of profiles."""
HINT = "the decision is recorded, and the next build takes it up; `dbt build` shows all of its output"


def rebuild(project: Project) -> None:
    """Run dbt. No connection of ours may be open meanwhile.

    Raises:
        DbtError: dbt failed; the decisions stay recorded.
    """
    with warehouse_lock(project):
        try:
            results = Dbt(project.directory, project.profiles_dir, project.target).run(
                "run", "--select", SELECTION, label="dbt run of the identity models"
            )
        except DbtError as error:
            raise DbtError(error.message, hint=HINT) from None
    if not results:
        raise DbtError("dbt found none of the identity models", hint=f"run `dbt deps`; {HINT}")
    for result in results:
        if result.failed:
            kind, _, name = result.unique_id.split(".")[:3]
            message = without_values(result.message) if result.message else result.status
            raise DbtError(f"dbt: {kind} {name} failed: {message}", hint=HINT)
