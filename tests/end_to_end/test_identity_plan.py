"""`identity plan` says before what a change does when it is made live: to profiles, audiences and lists."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from segmentloom_sync import simulators
from segmentloom_sync.simulators import Platform
from tests.oracles.build import warehouse_of
from tests.oracles.events import Delivery
from tests.oracles.identity import Identity, Rules, stitch
from tests.oracles.landed import land
from tests.workspace import CLI, Workspace

pytestmark = pytest.mark.slow

AUDIENCE = """
match:
  all:
    - {{event: Order Completed, within: 30 days}}
    - {{trait: plan, {operator}: growth}}
sync:
  - {{destination: meta, list: {name}}}
"""
LIVE = ("events", "identifiers", "profiles", "profile_merges", "hashed_identifiers", "identity_conflicts")
SEED = "identifier_type,identifier_value,reason\n"

Counts = dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def platforms() -> Iterator[dict[str, Platform]]:
    with simulators.running(["meta"]) as running:
        yield running


@pytest.fixture(scope="module")
def events() -> list[Delivery]:
    """Two offices that share an address each, of three and of four, and two who share none.

    In each office one has ordered, another is on the growth plan.
    """
    made: list[Delivery] = []
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)

    def add(user: str, email: str | None = None, **parts: Any) -> None:
        at = start + timedelta(minutes=len(made))
        context = {"consent": {"ad_user_data": "granted", "ad_personalization": "granted"}}
        made.append(
            Delivery(
                source_id="shop",
                event_id=f"e{len(made)}",
                occurred_at=at,
                loaded_at=start + timedelta(days=1),
                user_id=user,
                email=email,
                context=context,
                **{"type": "identify", **parts},
            )
        )

    for office, people in (("north", 3), ("south", 4)):
        for number in range(people):
            user = f"{office}-{number}"
            add(user, f"{user}@example.com", traits={"plan": "growth" if number == 1 else "free"})
            add(user, f"{office}@example.com")
        add(f"{office}-0", type="track", event="Order Completed")
    for user in ("ann", "bob"):
        add(user, f"{user}@example.com")
        add(user, type="track", event="Order Completed")
    return made


@pytest.fixture(scope="module")
def workspace(
    tmp_path_factory: pytest.TempPathFactory, platforms: Mapping[str, Platform], events: list[Delivery]
) -> Workspace:
    """The offices, built and sent."""
    workspace = Workspace.create(tmp_path_factory.mktemp("plan") / "project")
    workspace.audience("growth", AUDIENCE.format(operator="is", name="growth"))
    workspace.audience("others", AUDIENCE.format(operator="is_not", name="others"))
    settings = {name: platform.settings() for name, platform in platforms.items()}
    (workspace.path / "segmentloom.yml").write_text(yaml.safe_dump({"destinations": settings}))
    with warehouse_of(workspace) as warehouse:
        land(warehouse, events)
        # What a plan left that was killed: the next one takes it away.
        warehouse.ensure_table("events", "plan", {"wrong": "string"})
    workspace.json("run")
    return workspace


def live(workspace: Workspace) -> dict[str, list[str]]:
    """All that is live, as text."""
    with warehouse_of(workspace) as warehouse:
        return {
            name: sorted(map(str, warehouse.rows(f"select * from {warehouse.relation(name)}")))
            for name in LIVE
        }


def schemas(workspace: Workspace) -> set[str]:
    with warehouse_of(workspace) as warehouse:
        return {row[0] for row in warehouse.rows("select schema_name from information_schema.schemata")}


def splits(before: Identity, after: Identity) -> set[tuple[str, str, int]]:
    """Parts of profiles that are others afterwards, by the oracle; each profile goes on as its oldest."""
    parts: dict[tuple[str, str], int] = {}
    for identifier, profile_id in before.profile_of.items():
        left = [each for each in before.profiles[profile_id].identifiers if each in after.profile_of]
        if identifier in left and after.profile_of[identifier] != after.profile_of[left[0]]:
            ends = profile_id, after.profile_of[identifier]
            parts[ends] = parts.get(ends, 0) + 1
    return {(*ends, count) for ends, count in parts.items()}


def found_splits(plan: dict[str, Any]) -> set[tuple[str, str, int]]:
    return {(entry["from"], entry["to"], entry["identifiers"]) for entry in plan["splits"]}


def lists(plan: dict[str, Any]) -> Counts:
    return {entry["audience"]: (entry["adds"], entry["removes"]) for entry in plan["destinations"]}


def sent(runs: list[dict[str, Any]]) -> Counts:
    assert {entry["status"] for entry in runs} == {"ok"}
    return {entry["audience"]: (entry["adds"], entry["removes"]) for entry in runs}


def members(workspace: Workspace) -> dict[str, set[str]]:
    with warehouse_of(workspace) as warehouse:
        rows = warehouse.rows(f"select audience, profile_id from {warehouse.relation('audience_membership')}")
    return {name: {member for audience, member in rows if audience == name} for name in ("growth", "others")}


def test_a_plan_is_what_happens_when_it_is_made_live(workspace: Workspace, events: list[Delivery]) -> None:
    untouched, belonging = live(workspace), members(workspace)
    plan = workspace.json("identity", "plan", "--max-users-per-email", "3", "--show", "1")
    assert live(workspace) == untouched
    before, after = stitch(events, Rules()), stitch(events, Rules(users_per_email=3))
    assert plan["proposal"] == {"max_users_per_email": 3}
    assert plan["profiles"] == {
        **{"before": len(before.profiles), "after": len(after.profiles)},
        **{"merge": 0, "split": 1, "rename": 0, "gone": 0, "new": 0},
    }
    assert found_splits(plan) == splits(before, after)
    assert [len(entry.get("examples", [])) for entry in plan["splits"]] == [2, 0, 0, 0]
    assert plan["conflicts"] == [
        {
            **{"rule": "shared_email", "links_added": 4, "links_removed": 0},
            **{"identifiers_added": 1, "identifiers_removed": 0},
        }
    ]

    project = workspace.path / "dbt_project.yml"
    project.write_text(project.read_text().replace("max_users_per_email: 5", "max_users_per_email: 3"))
    unbuilt = workspace.json("identity", "plan")
    assert {**unbuilt, "proposal": None, "splits": None} == {**plan, "proposal": None, "splits": None}
    assert found_splits(unbuilt) == found_splits(plan)

    assert sent(workspace.json("run")["runs"]) == lists(plan)
    with warehouse_of(workspace) as warehouse:
        rows = warehouse.rows(f"select profile_id from {warehouse.relation('profiles')}")
    assert {profile_id for (profile_id,) in rows} == set(after.profiles)
    now = members(workspace)
    assert {entry["audience"]: (entry["added"], entry["removed"]) for entry in plan["audiences"]} == {
        name: (len(now[name] - belonging[name]), len(belonging[name] - now[name])) for name in now
    }
    done = workspace.cli("identity", "plan")
    assert done.stdout.strip() == "nothing would change"
    assert "dbt build" in done.stderr
    assert "segmentloom_plan" not in schemas(workspace)


def test_blocks_reach_the_second_build_and_no_output(workspace: Workspace, events: list[Delivery]) -> None:
    seed = workspace.path / "blocks.csv"
    seed.write_text(f"{SEED}email,NORTH@example.com,an office\n")
    before = stitch(events, Rules(users_per_email=3))
    blocked = frozenset({("email", "north@example.com"), ("email", "ann@example.com")})
    after = stitch(events, Rules(users_per_email=3, blocked=blocked))
    done = workspace.cli(
        "identity", "plan", "--seed", str(seed), "--block", "email:ANN@example.com", "--json"
    )
    plan = yaml.safe_load(done.stdout)
    assert plan["proposal"] == {"blocks": 1, "seed_rows": 1}
    assert (plan["profiles"]["after"], plan["profiles"]["split"]) == (len(after.profiles), 1)
    # Ann goes on under her user id; the two addresses are nobody's.
    assert (plan["profiles"]["rename"], plan["profiles"]["gone"]) == (1, 0)
    assert plan["identifiers"] == {"before": len(before.sightings), "after": len(after.sightings)}
    assert found_splits(plan) == splits(before, after)
    assert "@" not in done.stdout + done.stderr


def test_a_malformed_list_is_named_by_its_lines(workspace: Workspace) -> None:
    seed = workspace.path / "blocks.csv"
    seed.write_text(f"{SEED}phon,secret-1,\nemail,secret-2\nemail, ,\n")
    done = workspace.cli("identity", "plan", "--seed", str(seed), check=False)
    assert done.returncode == 2
    for line, problem in ((2, "the type must be"), (3, "2 columns"), (4, "the value is blank")):
        assert f"blocks.csv:{line}: {problem}" in done.stderr
    assert "secret" not in done.stderr
    assert "dbt" not in done.stderr.replace(str(workspace.path), "")


def test_an_interrupted_plan_leaves_nothing(workspace: Workspace) -> None:
    before = live(workspace)
    with subprocess.Popen(
        [str(CLI), "identity", "plan", "--max-users-per-email", "2"],
        cwd=workspace.path,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert "dbt build" in running.stderr.readline()
        running.send_signal(signal.SIGTERM)
        said = running.stderr.read()
    assert (running.returncode, "Traceback" in said) == (130, False)
    assert "segmentloom_plan" not in schemas(workspace)
    assert live(workspace) == before


def test_a_failed_build_leaves_nothing(workspace: Workspace) -> None:
    before = live(workspace)
    broken = workspace.path / "models" / "identity" / "int_segmentloom__alias_links.sql"
    whole = broken.readlink()
    broken.unlink()
    broken.write_text("select nothing_there from {{ ref('int_segmentloom__aliases') }}\n")
    done = workspace.cli("identity", "plan", check=False)
    broken.unlink()
    broken.symlink_to(whole)
    assert done.returncode == 1
    assert "dbt: model int_segmentloom__alias_links failed" in done.stderr
    assert "segmentloom_plan" not in schemas(workspace)
    assert live(workspace) == before


def test_models_of_another_schema_are_never_written(workspace: Workspace) -> None:
    before = live(workspace)
    file = workspace.path / "dbt_project.yml"
    text = file.read_text()
    project = yaml.safe_load(text)
    project["models"]["segmentloom"]["identity"] = {"+schema": "people"}
    file.write_text(yaml.safe_dump(project))
    done = workspace.cli("identity", "plan", check=False)
    file.write_text(text)
    assert done.returncode == 1
    assert "not to that of the target" in done.stderr
    # dbt makes schemas before it asks hooks; that one stays empty.
    assert schemas(workspace).isdisjoint({"segmentloom_plan", "segmentloom_people"})
    with warehouse_of(workspace) as warehouse:
        made = "select 1 from information_schema.tables where table_schema = 'segmentloom_plan_people'"
        assert warehouse.rows(made) == []
    assert live(workspace) == before
