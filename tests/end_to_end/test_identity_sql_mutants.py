"""Wrong versions of the SQL that derives identities: builds that show none of them wrong prove nothing."""

from __future__ import annotations

from random import Random

import pytest

from tests.oracles.chronicle import Chronicle, Step
from tests.oracles.events import Delivery
from tests.oracles.histories import decisions, in_builds
from tests.oracles.log_checks import problems
from tests.oracles.messy_events import messy_events
from tests.oracles.overrides import Override
from tests.oracles.sql_mutants import IN_A_FULL_REFRESH, IN_A_LATER_BUILD
from tests.oracles.workshop import SqlMutant, Workshop

pytestmark = pytest.mark.slow

SEED = 51
# What the project's own tests find is not asked here.
WITHOUT_TESTS = ("--exclude-resource-type", "test")


@pytest.fixture(scope="module")
def parts() -> list[list[Delivery]]:
    """The loads of three builds."""
    return in_builds(messy_events(SEED, 300, with_blocked=True), 3, Random(SEED))


@pytest.fixture(scope="module")
def workshop(parts: list[list[Delivery]], tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """What two builds left, of which the second had decisions."""
    told = Chronicle.under_low_limits(tmp_path_factory.mktemp("workshop") / "project")
    told.build("first", parts[0])
    told.build("second", parts[1], decisions(told.identity, told.overrides, [], 40, Random(SEED)))
    return Workshop(told)


@pytest.fixture(scope="module")
def decided(workshop: Workshop) -> list[Override]:
    """What is decided before the third build."""
    with workshop.made_wrong(None) as told:
        return decisions(told.identity, told.overrides, [], 40, Random(SEED + 1))


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(None, id="none"),
        *(pytest.param(mutant, id=name) for name, mutant in IN_A_LATER_BUILD.items()),
    ],
)
def test_a_later_build_shows_wrong_sql(
    mutant: SqlMutant | None, workshop: Workshop, parts: list[list[Delivery]], decided: list[Override]
) -> None:
    with workshop.made_wrong(mutant) as told:
        step = told.build("third", parts[2], decided, *WITHOUT_TESTS)
    assert is_right(step) == (mutant is None)


@pytest.mark.parametrize("mutant", IN_A_FULL_REFRESH)
def test_a_full_refresh_shows_wrong_sql(mutant: str, workshop: Workshop) -> None:
    with workshop.made_wrong(IN_A_FULL_REFRESH[mutant]) as told:
        step = told.build("refreshed", [], [], "--full-refresh", *WITHOUT_TESTS)
    assert not is_right(step)


def is_right(step: Step) -> bool:
    """Whether a build left what the oracle says, and told the log what happened."""
    return step.found == step.expected and not any(problems(step.before, step.after, step.logged))
