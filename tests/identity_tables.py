"""The relations of identity, filled by hand: commands on profiles without events or dbt.

`Town.build` stands in for dbt: it derives the profiles from the links that count and appends to the audit
what has changed, in the plainest way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from segmentloom_sync.identity.identifier import Identifier, parse_identifier
from segmentloom_sync.warehouse.duckdb import DuckDb
from segmentloom_sync.warehouse.duckdb_open import SCRATCH

START = datetime(2026, 7, 1, 10, tzinfo=UTC)

TABLES = """
create schema if not exists segmentloom;
set schema = 'segmentloom';
create macro identifier_key(kind, value) as
cast('0x' || substr(sha256(kind || ':' || value), 1, 15) as bigint);
create table int_segmentloom__links (
    identifier_key bigint, other_key bigint, identifier_type varchar, identifier_value varchar,
    other_type varchar, other_value varchar, first_seen_at timestamp, source_id varchar, event_id varchar,
    rule varchar
);
create table int_segmentloom__refused_links (
    identifier_key bigint, other_key bigint, rule varchar, identifier_type varchar, identifier_value varchar,
    other_type varchar, other_value varchar, link_count bigint, link_limit bigint, first_seen_at timestamp
);
create table int_segmentloom__identity_map (
    identifier_key bigint, identifier_type varchar, identifier_value varchar, first_seen_at timestamp,
    last_seen_at timestamp, event_count bigint, owned_event_count bigint, gpc_event_count bigint,
    profile_id varchar, component_key bigint, cause_identifier_key bigint, cause_other_key bigint,
    batch bigint
);
create table int_segmentloom__owner_attributes (
    owner_key bigint, attribute_kind varchar, attribute_name varchar, attribute_value varchar,
    occurred_at timestamp, source_id varchar, event_id varchar, rank_on_event bigint, batch bigint
);
create table int_segmentloom__progress (
    consumer varchar, entry bigint, generation varchar, batch bigint, rules varchar, watermark timestamp,
    updated_at timestamp
);
create table identity_overrides (
    override_id varchar, decided_at timestamp, action varchar, identifier_type varchar,
    identifier_value varchar, other_type varchar, other_value varchar, reason varchar, requested_by varchar,
    merge_id varchar, applied_run_id varchar
);
create table profile_merges (
    merge_id varchar, happened_at timestamp, kind varchar, surviving_profile_id varchar,
    absorbed_profile_id varchar, identifier_type varchar, identifier_value varchar, other_type varchar,
    other_value varchar, source_id varchar, event_id varchar, rule varchar, run_id varchar, reason varchar,
    requested_by varchar
);
create table profiles (
    profile_id varchar, first_seen_at timestamp, last_seen_at timestamp, event_count bigint,
    identifier_count bigint, user_id varchar, email varchar, phone varchar, traits json,
    ad_user_data_consent varchar, ad_personalization_consent varchar, is_opted_out boolean,
    is_quarantined boolean
);
create view identifiers as
select identifier_type, identifier_value, profile_id, first_seen_at, last_seen_at, event_count
from int_segmentloom__identity_map;
create view identity_conflicts as
select rule, identifier_type, identifier_value, other_type, other_value, link_count, link_limit as "limit",
    first_seen_at
from int_segmentloom__refused_links;
create view int_segmentloom__kept_links as
select links.* from int_segmentloom__links as links
anti join int_segmentloom__refused_links as refused
    on least(links.identifier_key, links.other_key) = least(refused.identifier_key, refused.other_key)
    and greatest(links.identifier_key, links.other_key) = greatest(refused.identifier_key, refused.other_key)
anti join (
    select
        identifier_key(identifier_type, identifier_value) as identifier_key,
        identifier_key(other_type, other_value) as other_key
    from identity_overrides
    group by all
    having arg_max(action, decided_at) = 'unmerge'
) as suppressed using (identifier_key, other_key);
create view profile_redirects as
select substr(sha256(identifier_type || ':' || identifier_value), 1, 32) as former_profile_id, profile_id
from int_segmentloom__identity_map
where former_profile_id <> profile_id;
"""


def profile_id(identifier: str) -> str:
    """The id of the profile whose oldest identifier this is."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:32]


@dataclass
class Town:
    """Identifiers and the links that events show between them."""

    connection: duckdb.DuckDBPyConnection
    warehouse: DuckDb
    seen: dict[Identifier, datetime] = field(default_factory=dict)
    clock: int = 0
    builds: int = 0

    @classmethod
    def open(cls, path: Path | str = ":memory:") -> Town:
        """A warehouse with the empty relations."""
        connection = duckdb.connect(str(path))
        connection.execute(TABLES)
        connection.execute(f"attach ':memory:' as {SCRATCH}")
        return cls(connection, DuckDb(connection, "segmentloom", lambda: None))

    def see(self, text: str) -> None:
        """An event later than those before shows one identifier."""
        self.clock += 1
        self.seen.setdefault(parse_identifier(text), START + timedelta(hours=self.clock))

    def link(
        self,
        one: str,
        other: str,
        *,
        rule: str = "same_event",
        refused_by: str | None = None,
        counts: tuple[int, int] = (7, 5),
    ) -> None:
        """An event later than those before shows two identifiers, the stronger first.

        Args:
            counts: what the guard counted, and its limit.
        """
        self.clock += 1
        time = START + timedelta(hours=self.clock)
        ends = parse_identifier(one), parse_identifier(other)
        for end in ends:
            self.seen.setdefault(end, time)
        flat = [part for end in ends for part in end]
        keys = "identifier_key($1, $2), identifier_key($3, $4)"
        self.connection.execute(
            f"insert into int_segmentloom__links select {keys}, $1, $2, $3, $4, $5, 'shop', $6, $7",
            [*flat, time.replace(tzinfo=None), f"e{self.clock}", rule],
        )
        if refused_by:
            # Its carrier comes first: between an e-mail and a device the one that the guard is about.
            carrier_first = ends if (refused_by, ends[0].type) == ("shared_email", "email") else ends[::-1]
            self.connection.execute(
                "insert into int_segmentloom__refused_links"
                " select identifier_key($1, $2), identifier_key($3, $4), $6, $1, $2, $3, $4, $7, $8, $5",
                [
                    *(part for end in carrier_first for part in end),
                    time.replace(tzinfo=None),
                    refused_by,
                    *counts,
                ],
            )

    def trait(self, owner: str, name: str, text: str, *, kind: str = "trait") -> None:
        """An event of an owner gives a trait, as JSON text."""
        self.clock += 1
        self.connection.execute(
            "insert into int_segmentloom__owner_attributes"
            " select identifier_key($1, $2), $3, $4, $5, $6, 'shop', $7, 1, 1",
            [
                *parse_identifier(owner),
                kind,
                name,
                text,
                (START + timedelta(hours=self.clock)).replace(tzinfo=None),
                f"e{self.clock}",
            ],
        )

    def build(self, run_id: str = "run-1", *, is_half: bool = False) -> None:
        """Derive the profiles anew, and tell the audit what changed.

        Args:
            is_half: stop after the identity map, with its decisions and its audit.
        """
        self.builds += 1
        before = self._map()
        after = self._derived()
        self.connection.execute("delete from int_segmentloom__identity_map")
        self.connection.executemany(
            "insert into int_segmentloom__identity_map"
            " select identifier_key($1, $2), $1, $2, $3, $3, 2, 1, 0, $4, null, null, null, 1",
            [(*end, self.seen[end].replace(tzinfo=None), owner) for end, owner in after.items()],
        )
        self._audit(before, after, run_id)
        self.connection.execute(
            "update identity_overrides set applied_run_id = $1 where applied_run_id is null", [run_id]
        )
        self._advance("int_segmentloom__profile_changes")
        if is_half:
            return
        self.connection.execute("delete from profiles")
        self.connection.execute(
            "insert into profiles select profile_id, min(first_seen_at), max(last_seen_at), 3, count(*),"
            " null, null, null, '{}', 'granted', null, false, count(*) > 5"
            " from int_segmentloom__identity_map group by 1"
        )
        self._advance("segmentloom__profiles")
        self._advance("segmentloom__hashed_identifiers")

    def _advance(self, consumer: str) -> None:
        self.connection.execute(
            "insert into int_segmentloom__progress select $1, $2, 'one', $2, '', null, null",
            [consumer, self.builds],
        )

    def _map(self) -> dict[Identifier, str]:
        rows = self.connection.execute(
            "select identifier_type, identifier_value, profile_id from int_segmentloom__identity_map"
        ).fetchall()
        return {Identifier(kind, value): owner for kind, value, owner in rows}

    def _derived(self) -> dict[Identifier, str]:
        group = {end: {end} for end in self.seen}
        for kind, value, other_kind, other_value in self.connection.execute(
            "select identifier_type, identifier_value, other_type, other_value"
            " from int_segmentloom__kept_links"
        ).fetchall():
            joined = group[Identifier(kind, value)] | group[Identifier(other_kind, other_value)]
            group.update(dict.fromkeys(joined, joined))
        return {end: profile_id(str(self._oldest(members))) for end, members in group.items()}

    def _oldest(self, members: Iterable[Identifier]) -> Identifier:
        return min(members, key=lambda end: (self.seen[end], end))

    def _audit(self, before: dict[Identifier, str], after: dict[Identifier, str], run_id: str) -> None:
        """One row for each profile that is another's now, or its own again, by the link decided upon."""
        decided = (
            self.connection.execute(
                "select identifier_type, identifier_value, other_type, other_value, reason, requested_by"
                " from identity_overrides where applied_run_id is null"
            ).fetchone()
            or (None,) * 6
        )
        changes = {
            ("split", old, new) if old in after.values() else ("merge", new, old)
            for end, new in after.items()
            if (old := before.get(end, profile_id(str(end)))) != new
        }
        for number, (kind, surviving, absorbed) in enumerate(sorted(changes)):
            merge_id = hashlib.md5(f"{run_id}{number}".encode(), usedforsecurity=False).hexdigest()
            self.connection.execute(
                "insert into profile_merges values"
                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'shop', 'e1', $10, $11, $12, $13)",
                [
                    merge_id,
                    (START + timedelta(days=int(run_id.rpartition("-")[2]))).replace(tzinfo=None),
                    kind,
                    surviving,
                    absorbed,
                    *decided[:4],
                    "unmerge" if kind == "split" else "same_event",
                    run_id,
                    *decided[4:],
                ],
            )
