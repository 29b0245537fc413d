"""Whether anybody can have refused since a moment, asked without looking at people."""

from __future__ import annotations

from segmentloom_sync.sync.changed_profiles import built_profiles, counted_builds
from segmentloom_sync.warehouse.base import Warehouse


def refusal_basis(warehouse: Warehouse) -> str | None:
    """How far all has come that can bar people: profiles, with their hashes, and privacy requests.

    Whoever is barred by the profiles themselves is so from a build on, and whoever asked for it by a request;
    neither is ever taken back without another one. So equal texts say that nobody was barred in between.

    Args:
        warehouse: an open connection; nothing is written.

    Returns:
        A text to compare; None where builds keep no account of how far they have come.

    Raises:
        WarehouseError: the warehouse refuses the queries.
    """
    built = built_profiles(warehouse)
    return _text(warehouse, built) if built else None


def is_basis(warehouse: Warehouse, basis: str | None) -> bool:
    """Whether a basis still holds: asked before each request, in as few statements as can be.

    Raises:
        WarehouseError: the warehouse refuses the queries.
    """
    return basis is not None and _text(warehouse, counted_builds(warehouse)) == basis


def _text(warehouse: Warehouse, built: str) -> str:
    return f"{built} {requests_made(warehouse)}"


def requests_made(warehouse: Warehouse) -> str:
    """How far privacy requests have come: a text that each one changes, also where others were deleted.

    Raises:
        WarehouseError: the warehouse refuses the query.
    """
    [(number, newest, last)] = warehouse.rows(
        f"""
        select
            count(*) as requests,
            max(requested_at) as newest,
            max(request_id) as last
        from {warehouse.relation("requests", "privacy")}
        """
    )
    return f"{number} {newest.isoformat() if newest else ''} {last or ''}"
