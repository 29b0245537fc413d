"""Nobody changes how rows are made and keeps those that were made otherwise."""

from __future__ import annotations

import json

from tests.state_version import RECORD, present


def test_the_macros_are_those_of_the_version_that_is_recorded() -> None:
    assert present() == json.loads(RECORD.read_text()), "read tests/state_version.py"
