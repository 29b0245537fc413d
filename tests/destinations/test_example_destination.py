"""The example of a third party's destination: short enough to copy, found like any other, and typed.

The conformance suite runs on it too.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from segmentloom_sync.destinations.base import MatchRate
from segmentloom_sync.destinations.registry import destination_type, destination_types
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.settings_schema import settings_schema
from tests.destinations.acme_platform import EXAMPLE, MODULE
from tests.destinations.conftest import Pair, digest, member

ROOT = EXAMPLE.parents[2]


def test_it_takes_less_than_a_hundred_lines() -> None:
    assert len(MODULE.read_text().splitlines()) < 100


def test_it_is_found_by_its_entry_point_only(acme: Pair) -> None:
    assert destination_types()["acme_ads"].value == "acme_ads:AcmeAds"
    assert destination_type("acme_ads") is type(acme.destination)
    assert "acme_ads" in settings_schema()["$defs"]


def test_without_its_package_its_type_is_unknown() -> None:
    with pytest.raises(ConfigError, match="acme_ads"):
        destination_type("acme_ads")


def test_it_reports_what_the_platform_counts(acme: Pair) -> None:
    audience = acme.new_list()
    acme.destination.push(audience, "add", [member(str(number)) for number in range(40)])
    matched = sum(acme.simulator.matching.knows(digest(str(number))) for number in range(40))
    assert acme.destination.match_rates(audience) == (
        MatchRate("counts", "matched/submitted", matched=matched, submitted=40),
    )


def test_the_documentation_counts_its_methods_as_they_are() -> None:
    page = (ROOT / "docs" / "destinations.md").read_text()
    for method in ("find_list", "create_list", "push", "request_status", "match_rates"):
        assert f"    def {method}(" in MODULE.read_text()
        assert f"`{method}`" in page


@pytest.mark.slow
def test_it_is_typed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", str(MODULE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
