"""The CDNOW purchases, a real data set from a PyPI package, checked by its digest and read as a table."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

PACKAGE = "Lifetimes==0.11.3"
DIGEST = "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"
AS_OF = datetime(1998, 7, 1, tzinfo=UTC)


class Purchase(NamedTuple):
    """One line of the file; the same line may occur twice and is then two purchases."""

    customer: str
    at: datetime
    quantity: int
    total: float


def download(folder: Path) -> Path:
    """Fetch the file with pip; returns its path.

    Raises:
        AssertionError: what came is not the release that the expected counts were made for.
    """
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder),
        PACKAGE,
    ]
    subprocess.run(command, check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == DIGEST
    with zipfile.ZipFile(wheel) as archive:
        archive.extract(MEMBER, folder)
    return folder / MEMBER


def purchases(file: Path) -> list[Purchase]:
    """All lines but the heading."""
    found = []
    for line in file.read_text().splitlines()[1:]:
        customer, date, quantity, total = line.split()
        at = datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
        found.append(Purchase(customer, at, int(quantity), float(total)))
    return found


def expected_members(found: list[Purchase]) -> Mapping[str, int]:
    """The members of each audience, counted the plain way."""
    by_customer: dict[str, list[Purchase]] = defaultdict(list)
    for purchase in found:
        if purchase.at <= AS_OF:
            by_customer[purchase.customer].append(purchase)
    counts = dict.fromkeys(AUDIENCES, 0)
    for mine in by_customer.values():
        recent = [p for p in mine if p.at > AS_OF - timedelta(days=30)]
        quarter = [p for p in mine if p.at > AS_OF - timedelta(days=90)]
        half = [p for p in mine if p.at > AS_OF - timedelta(days=180)]
        year = [p for p in mine if p.at > AS_OF - timedelta(days=365)]
        spender = any(p.total >= 100 for p in quarter)
        counts["recent_buyers"] += bool(recent)
        counts["lapsed_regulars"] += len(mine) >= 2 and not half
        counts["big_spenders"] += spender
        counts["loyal_small_spenders"] += len(year) >= 5 and not spender
        counts["bulk_once"] += len(mine) == 1 and 3 <= mine[0].quantity <= 10
    return counts


AUDIENCES = {
    "recent_buyers": """\
description: Bought in the last 30 days
match: {event: Order Completed, within: 30 days}
""",
    "lapsed_regulars": """\
description: Bought twice or more, but not in the last 180 days
match:
  all:
    - {event: Order Completed, count: ">= 2"}
    - {event: Order Completed, count: "= 0", within: 180 days}
""",
    "big_spenders": """\
description: An order of 100 dollars or more in the last 90 days
match:
  event: Order Completed
  within: 90 days
  where:
    - {property: total, gte: 100}
""",
    "loyal_small_spenders": """\
description: Five orders or more in a year, none of them big lately
match:
  all:
    - {event: Order Completed, count: ">= 5", within: 365 days}
    - not: {audience: big_spenders}
""",
    "bulk_once": """\
description: Bought once, three to ten discs
match:
  all:
    - {event: Order Completed, count: "= 1"}
    - event: Order Completed
      where:
        - {property: quantity, between: [3, 10]}
""",
}
SOURCE = {
    "name": "shop",
    "kind": "custom",
    "relation": "shop.purchases",
    "columns": {
        "event_id": "purchase_id",
        "user_id": "customer_id",
        "occurred_at": "purchased_on",
        "properties": {"quantity": "discs", "total": "dollars"},
    },
    "constants": {"type": "track", "event": "Order Completed"},
}
CREATE_TABLE = """
create table shop.purchases as
select
    cast(row_number() over () as varchar) as purchase_id,
    trim(line[1:6]) as customer_id,
    strptime(line[8:15], '%Y%m%d') as purchased_on,
    cast(trim(line[16:18]) as integer) as discs,
    cast(trim(line[19:]) as decimal(10, 2)) as dollars
from read_csv(?, columns = {'line': 'varchar'}, header = true, delim = '\\0', quote = '')
"""
