"""Each row of the fault matrix names the tests that prove it, and they exist."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "docs" / "fault-matrix.md").read_text(encoding="utf-8")
PROOF = re.compile(r"`(?P<file>[\w/]+\.py)::(?P<name>test_\w+)`")


def test_each_row_has_a_proof() -> None:
    rows = {int(number) for number in re.findall(r"\((\d+)\) \|", TEXT)}
    proofs = {int(number) for number in re.findall(r"^\| (\d+) \| .*::test_", TEXT, re.MULTILINE)}
    faults = [line for line in TEXT.splitlines() if line.count(" | ") == 4]
    assert rows == proofs == set(range(1, len(faults))), "the first such line is the heading"


def test_the_named_tests_exist() -> None:
    found = list(PROOF.finditer(TEXT))
    assert found
    for proof in found:
        code = (REPOSITORY / "tests" / proof["file"]).read_text(encoding="utf-8")
        assert re.search(rf"def {proof['name']}\(", code), proof[0]
