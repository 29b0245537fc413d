"""Browser, real collector, spool, warehouse: what a page calls is in the table, once."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.collector.running import RunningCollector, running
from tests.workspace import Workspace

EVENTS = """
    select type, event, user_id, email, source_id, context->>'$.consent.ad_user_data', user_agent
    from segmentloom_raw.events
    qualify row_number() over (partition by source_id, event_id order by loaded_at, load_id, line_number) = 1
    order by occurred_at, event_id
"""
"""Events as `S.events` has them. A raw row is a delivery: a page whose collector dies may send one twice."""


def settled(visitor: Visitor) -> None:
    """Waits until nothing is left to send."""
    visitor.flush()
    visitor.wait_for_storage(with_events=False)


def test_what_a_page_calls_is_in_the_warehouse_once(visitor: Visitor, site: Site, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    with running(workspace.path) as collector:
        serve_from(collector, site, collector.public)
        visitor.open("/?utm_source=news")
        visitor.run("""
            segmentloom.identify('u1', {email: 'Ann@Example.com'})
            segmentloom.consent({ad_user_data: 'granted'})
            segmentloom.track('Product Added', {price: 12.5})
            segmentloom.alias('u1', 'u0')
        """)
        settled(visitor)
        collector.process.kill()
        collector.process.wait()
        visitor.run("segmentloom.track('While it was down')")
        visitor.flush()
    with running(workspace.path, "--port", str(collector.port)):
        visitor.open("/again")
        settled(visitor)
        visitor.run("segmentloom.track('Last')")
        visitor.leave()
        visitor.open("/end", f"end.{visitor.host}")
        settled(visitor)
    loaded = workspace.cli("load", "--spool", "spool", check=False)
    assert loaded.returncode in (0, 1), loaded.stderr
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        rows = connection.execute(EVENTS).fetchall()
    tracked = [row[1] for row in rows if row[0] == "track"]
    assert tracked == ["Product Added", "While it was down", "Last"]
    assert [row[0] for row in rows if row[0] != "track"].count("page") == 3
    assert "alias" not in [row[0] for row in rows]  # a public key may not
    added = next(row for row in rows if row[1] == "Product Added")
    assert added[2:6] == ("u1", None, "web", "granted")
    assert "Chrome" in added[6]
    assert next(row for row in rows if row[0] == "identify")[3] == "ann@example.com"


def test_another_sites_key_is_refused(visitor: Visitor, site: Site, tmp_path: Path) -> None:
    with running(tmp_path) as collector:
        serve_from(collector, site, collector.shop)
        visitor.open()
        visitor.run("segmentloom.track('Not for shop.example')")
        settled(visitor)
        assert "403" in "".join(visitor.warnings())


def serve_from(collector: RunningCollector, site: Site, key: str) -> None:
    """Points the site's snippet to a collector, for the script too."""
    site.key = key
    site.script = f"{collector.url}/segmentloom.js"
    site.options["host"] = collector.url
