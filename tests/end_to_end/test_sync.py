"""The whole command line against the simulators: the first run fills the lists, later ones send changes."""

from __future__ import annotations

import getpass
import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import duckdb
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from segmentloom_sync import simulators
from segmentloom_sync.simulators import Platform
from segmentloom_sync.simulators.lists import Key
from tests.workspace import Workspace

LIST = "Buyers [EU]"
AUDIENCE = f"""
cadence: hourly
match:
  {{event: Order Completed, within: 30 days}}
sync:
  - {{destination: google_ads, list: "{LIST}"}}
  - {{destination: meta, list: "{LIST}", identifiers: [email, phone]}}
  - {{destination: linkedin, list: "{LIST}"}}
  - {{destination: tiktok, list: "{LIST}", identifiers: [email, phone]}}
  - {{destination: webhook, list: "{LIST}", identifiers: [phone, email]}}
"""
COUNTS = ("adds", "removes", "accepted", "rejected", "unknown", "status")


@pytest.fixture(scope="module")
def platforms() -> Iterator[dict[str, Platform]]:
    with simulators.running() as running:
        yield running


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, platforms: Mapping[str, Platform]) -> Workspace:
    workspace = Workspace.create(tmp_path_factory.mktemp("sync") / "project")
    workspace.audience("buyers", AUDIENCE)
    settings = {name: platform.settings() for name, platform in platforms.items()}
    settings["meta"]["access_token"] = "${TEST_META_TOKEN}"
    (workspace.path / "segmentloom.yml").write_text(yaml.safe_dump({"destinations": settings}))
    git(workspace, "init", "--quiet")
    git(workspace, "add", "audiences")
    git(workspace, "commit", "--quiet", "--message", "Add the buyers")
    return workspace


def git(workspace: Workspace, *arguments: str) -> str:
    identity = ["-c", "user.name=Ann Miller", "-c", "user.email=ann@example.com"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=workspace.path, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def order(person: str, *, phone: str | None = None, consent: str = "granted") -> dict[str, Any]:
    traits = {"email": f"{person}@example.com", **({"phone": phone} if phone else {})}
    return {
        "type": "track",
        "event": "Order Completed",
        "user_id": person,
        "message_id": f"{person}-order",
        "timestamp": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "context": {
            "traits": traits,
            "consent": {"ad_user_data": consent, "ad_personalization": consent},
        },
    }


def load(workspace: Workspace, name: str, events: list[dict[str, Any]]) -> None:
    file = workspace.path / f"{name}.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    workspace.cli("load", str(file))


def run(
    workspace: Workspace, platforms: Mapping[str, Platform], *arguments: str
) -> dict[str, tuple[Any, ...]]:
    token = str(platforms["meta"].settings()["access_token"])
    document = workspace.json("run", *arguments, TEST_META_TOKEN=token)
    return {entry["destination"]: tuple(entry[key] for key in COUNTS) for entry in document["runs"]}


def members(platform: Platform) -> set[tuple[str, str]]:
    return {(key.type, key.value) for entry in platform.lists for key in entry.members}


def email(person: str) -> tuple[str, str]:
    return ("email", sha256(f"{person}@example.com".encode()).hexdigest())


def phone(number: str) -> tuple[str, str]:
    return ("phone", sha256(number.encode()).hexdigest())


def test_runs_send_all_then_nothing_then_the_change(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    load(
        workspace,
        "first",
        [order("ann", phone="+43 660 1234567"), order("bob"), order("cat", consent="denied")],
    )

    assert run(workspace, platforms, "buyers") == {
        "google_ads": (2, 0, 2, 0, 0, "ok"),
        "meta": (3, 0, 3, 0, 0, "ok"),
        "linkedin": (2, 0, 2, 0, 0, "ok"),
        "tiktok": (3, 0, 3, 0, 0, "ok"),
        "webhook": (3, 0, 3, 0, 0, "ok"),
    }
    assert members(platforms["google_ads"]) == {email("ann"), email("bob")}
    assert members(platforms["meta"]) == {email("ann"), email("bob"), phone("436601234567")}
    assert members(platforms["linkedin"]) == {email("ann"), email("bob")}
    for name in ("tiktok", "webhook"):
        assert members(platforms[name]) == {email("ann"), email("bob"), phone("+436601234567")}

    again = run(workspace, platforms)
    assert set(again.values()) == {(0, 0, 0, 0, 0, "ok")}

    load(workspace, "second", [order("dan"), {**order("bob", consent="denied"), "message_id": "bob-2"}])
    assert run(workspace, platforms) == {
        "google_ads": (1, 1, 2, 0, 0, "ok"),
        "meta": (1, 1, 2, 0, 0, "ok"),
        "linkedin": (1, 1, 2, 0, 0, "ok"),
        "tiktok": (1, 1, 2, 0, 0, "ok"),
        "webhook": (1, 1, 2, 0, 0, "ok"),
    }
    assert members(platforms["google_ads"]) == {email("ann"), email("dan")}


def test_status_and_match_rates_tell_what_is_known(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    status = workspace.json("status")
    assert {entry["destination"]: entry["status"] for entry in status["lists"]} == dict.fromkeys(
        platforms, "ok"
    )
    [audience] = status["audiences"]
    assert audience["audience"] == "buyers"
    assert datetime.fromisoformat(audience["due_at"]) - datetime.fromisoformat(
        audience["evaluated_at"]
    ) <= timedelta(hours=1)
    token = str(platforms["meta"].settings()["access_token"])
    rates = workspace.json("match-rates", "--refresh", TEST_META_TOKEN=token)
    assert {rate["destination"] for rate in rates["match_rates"]} <= set(platforms)
    everything = workspace.json("match-rates")
    workspace.audience("second", AUDIENCE.replace(LIST, "Second"))
    for names in (["second"], ["buyers"], ["second", "buyers"]):
        shown = workspace.json("match-rates", *names)
        assert {entry["audience"] for entry in shown["identifiers"]} == set(names)
        assert shown["match_rates"] == everything["match_rates"] * ("buyers" in names)
    (workspace.path / "audiences" / "second.yml").unlink()


def test_nothing_is_due_until_the_next_hour(workspace: Workspace, platforms: dict[str, Platform]) -> None:
    due_at = datetime.fromisoformat(workspace.json("status")["audiences"][0]["due_at"])
    taken = run(workspace, platforms, "--due")
    assert taken == {} or datetime.now(UTC) >= due_at


def test_a_wrong_file_holds_back_its_own_audience_only(workspace: Workspace) -> None:
    file = workspace.path / "audiences" / "callers.yml"
    workspace.audience(
        "callers", "match: {event: x}\nsync: [{destination: linkedin, list: Li, identifiers: [email, phone]}]"
    )
    refused = workspace.cli("run", "callers", "--no-build", check=False, TEST_META_TOKEN="x")
    everything = workspace.cli("run", "--no-build", "--json", check=False, TEST_META_TOKEN="x")
    plan = workspace.cli("plan", check=False, TEST_META_TOKEN="x")
    named = workspace.cli("run", "buyers", "--no-build", "--json", check=False, TEST_META_TOKEN="x")
    file.unlink()
    mistake = "audiences/callers.yml:2:63: linkedin does not take phone; it takes email"
    assert [done.returncode for done in (refused, everything, plan, named)] == [2, 2, 2, 0]
    assert all(mistake in done.stderr for done in (refused, everything, plan))
    for done in (everything, named):
        assert {entry["status"] for entry in json.loads(done.stdout)["runs"]} == {"ok"}
    assert "held back until they are right: audiences/callers.yml" in everything.stderr
    assert "held back until" not in named.stderr


def test_a_live_list_is_never_called_needless_for_a_draft_that_cannot_be_read(workspace: Workspace) -> None:
    own, draft = (workspace.path / "audiences" / f"{name}.yml" for name in ("buyers", "draft"))
    right = own.read_text()
    own.write_text(f"{right}priority: {{group: carts, rank: 2}}\n")
    draft.write_text("match: {event: X\n")
    done = [workspace.cli(*command, check=False, TEST_META_TOKEN="x") for command in (["run"], ["status"])]
    draft.unlink()
    own.write_text(right)
    assert [one.returncode for one in done] == [2, 0]
    for one in done:
        assert "audiences/draft.yml:1:8: the { that opens here is not closed" in one.stderr
        assert "delete it" not in one.stderr
    assert "the priority in audiences/draft.yml cannot be read: it could belong to the group 'carts'" in (
        done[0].stderr
    )
    assert f"the list '{LIST}' at linkedin is held back with audiences/buyers.yml" in done[1].stderr
    assert "until this is right: audiences/draft.yml" in done[1].stderr
    assert "held back until they are right: audiences/buyers.yml, audiences/draft.yml" in done[0].stderr


def test_a_plan_needs_no_build_and_an_unset_variable_is_named(workspace: Workspace) -> None:
    done = workspace.cli("plan", "--json", check=False)
    assert done.returncode == 2
    assert "needs the environment variable TEST_META_TOKEN, which is not set" in done.stderr
    assert "segmentloom.yml:" in done.stderr
    done = workspace.cli("plan", "--json", TEST_META_TOKEN="x")
    assert {entry["adds"] for entry in json.loads(done.stdout)["runs"]} == {0}


def test_a_plan_of_what_was_never_evaluated_says_how_to_evaluate_it(workspace: Workspace) -> None:
    workspace.audience("newest", AUDIENCE.replace(LIST, "Newest"))
    done = workspace.cli("plan", "newest", check=False, TEST_META_TOKEN="x")
    (workspace.path / "audiences" / "newest.yml").unlink()
    assert done.returncode == 1
    assert "newest to meta: failed: audience newest has never been evaluated" in done.stderr
    assert "segmentloom-sync run --dry-run" in done.stderr
    assert "--no-build" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "byers"), "did you mean 'buyers'?"),
        (("match-rates", "byers"), "did you mean 'buyers'?"),
        (("run", "--release", "--by", "Jo"), "--release needs the name of an audience"),
        (("run", "buyers", "--release"), "--release and --by NAME go together"),
        (("run", "--replace", "--by", "Jo"), "--replace needs the name of an audience"),
        (("run", "buyers", "--replace"), "--replace and --by NAME go together"),
        (("run", "buyers", "--replace", "--by", "Jo", "--dry-run"), "cannot go with --dry-run"),
        (("run", "buyers", "--replace", "--by", "Jo", "--due"), "cannot go with --due"),
        (("run", "--no-build", "--as-of", "2026-01-01"), "cannot go with --no-build"),
        (("run", "--as-of", "yesterday"), "is no date or time"),
        (("run", "--as-of", "2999-01-01"), "is in the future"),
        (("run", "--config", "missing.yml"), "missing.yml not found"),
        (("run", "--metrics", "absent/segmentloom.prom"), "there is no folder"),
        (("run", "--reconcile", "--dry-run"), "--dry-run asks no platform"),
    ],
)
def test_what_the_caller_must_change_is_exit_2(
    workspace: Workspace, arguments: tuple[str, ...], message: str
) -> None:
    done = workspace.cli(*arguments, check=False)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_failed_test_keeps_the_last_good_members_and_sends_nothing(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    published, held = tables(workspace), {name: members(platform) for name, platform in platforms.items()}
    load(workspace, "third", [order("eve")])
    file = workspace.path / "audiences" / "buyers.yml"
    file.write_text(AUDIENCE + "tests: {min_members: 1000, excludes: ['user_id:eve']}\n")
    token = str(platforms["meta"].settings()["access_token"])
    done = workspace.cli("run", "--json", check=False, TEST_META_TOKEN=token)
    assert done.returncode == 1
    assert {tuple(entry[key] for key in COUNTS) for entry in json.loads(done.stdout)["runs"]} == {
        (0, 0, 0, 0, 0, "failed")
    }
    assert "audience_buyers_excludes failed: users who are members: 1 of 1;" in done.stderr
    assert "audience_buyers_min_members failed: 5 members, at least 1,000 wanted" in done.stderr
    assert tables(workspace) == published
    assert {name: members(platform) for name, platform in platforms.items()} == held

    again = workspace.cli("run", "--no-build", "--json", check=False, TEST_META_TOKEN=token)
    assert again.returncode == 1
    assert {entry["status"] for entry in json.loads(again.stdout)["runs"]} == {"failed"}
    assert ": audience_buyers_excludes, audience_buyers_min_members" in again.stderr
    names = "audience_buyers_excludes, audience_buyers_min_members"
    assert workspace.json("explain", "buyers", "user_id:eve")["published"]["failed_tests"] == names
    [state] = [one for one in workspace.json("status")["audiences"] if one["audience"] == "buyers"]
    assert state["failed_tests"] == names
    assert state["due_at"] <= datetime.now(UTC).isoformat()

    file.write_text(AUDIENCE + "tests: {min_members: 3}\n")
    assert {counts[:2] for counts in run(workspace, platforms).values()} == {(1, 0)}
    assert tables(workspace) != published


def test_who_opts_out_leaves_every_list_with_the_next_run(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    recorded = workspace.json("privacy", "request", "opt_out", "user_id:ann", "--by", "Jo")
    assert {key: recorded[key] for key in ("type", "requested_by", "named_by", "is_profile_known")} == {
        "type": "opt_out",
        "requested_by": "Jo",
        "named_by": "user_id",
        "is_profile_known": True,
    }
    [state] = workspace.json("privacy", "status", recorded["request_id"])["requests"]
    assert (state["status"], state["lists_that_may_hold"]) == ("in_progress", len(platforms))
    assert workspace.json("profile", "email:ann@example.com")["is_opted_out"] is True

    taken = run(workspace, platforms, "--no-build")
    assert {name: counts[1:] for name, counts in taken.items()} == {
        "google_ads": (1, 1, 0, 0, "ok"),
        "meta": (2, 2, 0, 0, "ok"),
        "linkedin": (1, 1, 0, 0, "ok"),
        "tiktok": (2, 2, 0, 0, "ok"),
        "webhook": (2, 2, 0, 0, "ok"),
    }
    for platform in platforms.values():
        assert email("ann") not in members(platform)
    # Google says later what became of the removal; all others have answered.
    [state] = workspace.json("privacy", "status")["requests"]
    assert (state["status"], state["lists_that_may_hold"]) == ("in_progress", 1)

    workspace.cli("privacy", "request", "opt_out", "email:eve@example.com")
    broken = workspace.path / "models" / "broken.sql"
    broken.write_text("select * from {{ ref('nothing_of_the_kind') }}\n")
    token = str(platforms["meta"].settings()["access_token"])
    done = workspace.cli("run", "--json", check=False, TEST_META_TOKEN=token)
    broken.unlink()
    assert done.returncode == 1
    assert {(entry["removes"], entry["status"]) for entry in json.loads(done.stdout)["runs"]} == {
        (1, "failed")
    }
    assert "nothing_of_the_kind" in done.stderr
    for platform in platforms.values():
        assert email("eve") not in members(platform)


def test_an_address_that_no_event_has_shown_is_barred_as_every_platform_would_get_it(
    workspace: Workspace,
) -> None:
    done = workspace.cli("privacy", "request", "opt_out", "email:f.ay+x@gmail.com", "--by", "Jo")
    assert "no event that was built has that email; it is barred all the same" in done.stdout
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True) as connection:
        [(key,)] = connection.execute(
            "select secret_key from segmentloom_privacy.suppression_keys"
        ).fetchall()
        barred = {
            row[0]
            for row in connection.execute("select digest from segmentloom_privacy.suppressions").fetchall()
        }
    for address in ("fay@gmail.com", "f.ay+x@gmail.com"):
        text = f"email_sha256:{sha256(address.encode()).hexdigest()}"
        assert sha256((key + text).encode()).hexdigest() in barred


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("erasure", "user_id:ann"), "'erasure' is no type of request"),
        (("opt_out", "ann@example.com"), "that identifier has no type"),
        (("opt_out", "user_id:ann", "--by", "ann@example.com"), "--by is no name"),
        (("opt_out", "0" * 32), "there is and was no profile"),
    ],
)
def test_a_wrong_request_is_exit_2(workspace: Workspace, arguments: tuple[str, ...], message: str) -> None:
    done = workspace.cli("privacy", "request", *arguments, check=False)
    assert (done.returncode, message in done.stderr) == (2, True)


def test_a_list_is_bound_to_the_target_that_first_synced_it(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    profiles = workspace.path / "profiles.yml"
    before = profiles.read_text()
    document = yaml.safe_load(before)
    [profile] = (value for key, value in document.items() if key != "config")
    profile["outputs"]["other"] = profile["outputs"][profile["target"]]
    profile["outputs"]["absent"] = {**profile["outputs"]["other"], "path": "absent.duckdb"}
    profiles.write_text(yaml.safe_dump(document))
    token = str(platforms["meta"].settings()["access_token"])
    other = ("--no-build", "--target", "other")

    done = workspace.cli("run", "--json", *other, check=False, TEST_META_TOKEN=token)
    assert done.returncode == 2
    assert {entry["status"] for entry in json.loads(done.stdout)["runs"]} == {"failed"}
    assert f"the list '{LIST}' at meta is kept in step by target {profile['target']} (" in done.stderr
    assert "and this is target other (" in done.stderr
    done = workspace.cli("run", "--no-build", "--target", "absent", check=False, TEST_META_TOKEN=token)
    assert (done.returncode, "absent.duckdb does not exist" in done.stderr) == (2, True)
    assert not list(workspace.path.glob("absent*"))
    done = workspace.cli("plan", "--target", "other", check=False, TEST_META_TOKEN=token)
    assert done.returncode == 2
    assert "segmentloom-sync run buyers --rebind --by YOUR_NAME" in done.stderr

    taken = run(workspace, platforms, "buyers", "--rebind", "--by", "Jo", *other)
    assert {counts[-1] for counts in taken.values()} == {"ok"}
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True) as connection:
        bound = connection.execute("select distinct target, bound_by from segmentloom_sync.lists").fetchall()
    assert set(bound) == {("other", "Jo"), (profile["target"], None)}
    profiles.write_text(before)
    run(workspace, platforms, "buyers", "--rebind", "--by", "Jo", "--no-build")
    [described] = platforms["google_ads"].lists
    assert f"[segmentloom target={profile['target']} environment=" in described.details["description"]


def test_the_audit_says_who_changed_what_was_published(workspace: Workspace) -> None:
    changed, added = workspace.json("audit", "buyers", "--since", "2026-01-01")["changes"]
    commit = git(workspace, "rev-parse", "HEAD")
    keys = ("change", "changed_by", "git_commit", "is_uncommitted")
    assert [added[key] for key in keys] == ["added", "Ann Miller", commit, False]
    assert [changed[key] for key in keys] == ["changed", getpass.getuser(), commit, True]
    assert added["new_definition"] == changed["old_definition"]
    assert (added["old_hash"], added["new_hash"]) == (None, changed["old_hash"])
    assert "@" not in json.dumps([added, changed])

    text = workspace.cli("audit").stdout
    assert f"buyers changed by {getpass.getuser()}, commit {commit[:10]}, not committed" in text
    assert "\n  +  min_members: 3\n" in text or "\n  +tests: {min_members: 3}\n" in text
    assert "\n   match: {event: Order Completed, within: 30 days}\n" in text
    assert workspace.json("audit", "--since", "2999-01-01") == {"changes": [], "decisions": []}
    rebound = next(row for row in workspace.json("audit", "buyers")["decisions"] if row["decided_by"] == "Jo")
    assert (rebound["decision"], rebound["audience"]) == ("rebound", "buyers")
    assert f"list '{rebound['list']}' at {rebound['destination']} rebound to target " in text
    done = workspace.cli("audit", "byers", check=False)
    assert (done.returncode, "did you mean 'buyers'?" in done.stderr) == (2, True)


def tables(workspace: Workspace) -> list[list[tuple[Any, ...]]]:
    """Who is a member, who came and went, and the sizes."""
    with duckdb.connect(str(workspace.path / "warehouse.duckdb"), read_only=True) as connection:
        return [
            connection.execute(f"select * from segmentloom.{name} order by all").fetchall()
            for name in ("audience_membership", "audience_membership_log", "audience_sizes")
        ]


def test_a_saved_plan_is_sent_once_and_only_where_it_was_made(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    workspace.cli("privacy", "request", "opt_out", "user_id:dan")
    token = str(platforms["meta"].settings()["access_token"])
    saved = workspace.cli("plan", "--save", "friday.json", TEST_META_TOKEN=token)
    assert "saved in friday.json; to send it: segmentloom-sync run --plan friday.json" in saved.stderr
    text = (workspace.path / "friday.json").read_text()
    assert "dan@example.com" not in text
    assert email("dan")[1] not in text
    assert email("dan") in members(platforms["meta"])

    taken = run(workspace, platforms, "--plan", "friday.json", "--metrics", "segmentloom.prom")
    assert {name: counts for name, counts in taken.items()} == dict.fromkeys(platforms, (0, 1, 1, 0, 0, "ok"))
    for platform in platforms.values():
        assert email("dan") not in members(platform)

    metrics = (workspace.path / "segmentloom.prom").read_text()
    last = {
        sample.labels["destination"]: sample.value
        for family in text_string_to_metric_families(metrics)
        for sample in family.samples
        if sample.name == "segmentloom_list_last_run_planned_identifiers"
        and sample.labels["operation"] == "remove"
    }
    assert last == dict.fromkeys(platforms, 1)

    done = workspace.cli("run", "--plan", "friday.json", check=False, TEST_META_TOKEN=token)
    assert done.returncode == 2
    assert "another run has worked on the list since" in done.stderr
    (workspace.path / "friday.json").write_text(text.replace('"target": "test"', '"target": "prod"', 1))
    done = workspace.cli("run", "--plan", "friday.json", check=False, TEST_META_TOKEN=token)
    assert done.returncode == 2
    assert "friday.json is a plan of target prod (" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("buyers",), ("--due",), ("--recreate",), ("--replace",), ("--as-of", "2026-01-01")]
)
def test_a_saved_plan_goes_with_nothing_that_it_settles(
    workspace: Workspace, arguments: tuple[str, ...]
) -> None:
    done = workspace.cli("run", "--plan", "friday.json", *arguments, check=False)
    name = arguments[0] if arguments[0].startswith("--") else "AUDIENCE"
    assert (done.returncode, f"{name} cannot go with --plan" in done.stderr) == (2, True)


def test_reconciling_tells_of_a_list_that_is_gone_and_makes_it_anew_when_told(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    linkedin = platforms["linkedin"]
    held = members(linkedin)
    with duckdb.connect(str(workspace.path / "warehouse.duckdb")) as connection:
        # A list that is not two minutes old may only be late.
        connection.execute("update segmentloom_sync.lists set recorded_at = recorded_at - interval 1 hour")
    linkedin.lists.delete(linkedin.list_id(LIST))
    token = str(platforms["meta"].settings()["access_token"])
    arguments = ("run", "buyers", "--no-build", "--reconcile")
    done = workspace.cli(*arguments, "--json", check=False, TEST_META_TOKEN=token)
    assert done.returncode == 1
    reports = {entry["destination"]: entry for entry in json.loads(done.stdout)["runs"]}
    assert {name: entry["status"] for name, entry in reports.items()} == {
        **dict.fromkeys(platforms, "ok"),
        "linkedin": "failed",
    }
    assert reports["linkedin"]["reconciliation"] is None
    assert reports["google_ads"]["reconciliation"]["status"] == "OPEN"
    assert reports["google_ads"]["reconciliation"]["drift"] == []
    assert "its size" in reports["webhook"]["reconciliation"]["unreadable"]
    assert "run buyers --recreate" in done.stderr
    assert "buyers to google_ads: compared: the list is there, status OPEN" in done.stderr

    taken = run(workspace, platforms, "buyers", "--no-build", "--reconcile", "--recreate")
    assert {counts[-1] for counts in taken.values()} == {"ok"}
    assert members(linkedin) == held


def test_who_opts_out_leaves_every_list_though_nothing_is_due(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    workspace.cli("privacy", "request", "opt_in", "user_id:dan", "--by", "Jo")
    answering = platforms.keys() - {"google_ads"}  # which works on his earlier removal still
    taken = run(workspace, platforms, "--no-build")
    assert {name for name, counts in taken.items() if counts[:2] == (1, 0)} == answering
    workspace.cli("privacy", "request", "opt_out", "user_id:dan", "--by", "Jo")
    token = str(platforms["meta"].settings()["access_token"])
    due_at = datetime.fromisoformat(workspace.json("status")["audiences"][0]["due_at"])

    done = workspace.cli("run", "--due", "--json", TEST_META_TOKEN=token)

    reports = json.loads(done.stdout)["runs"]
    assert {
        (entry["removes"], entry["status"]) for entry in reports if entry["destination"] in answering
    } == {(1, "ok")}
    assert {entry["destination"] for entry in reports} >= answering
    for platform in platforms.values():
        assert email("dan") not in members(platform)
    if datetime.now(UTC) < due_at:
        assert "nothing is due" in done.stderr
        assert all(entry["only_opt_outs"] for entry in reports)
        assert run(workspace, platforms, "--due") == {} or datetime.now(UTC) >= due_at


def test_a_list_is_replaced_where_the_platform_can_and_told_where_not(
    workspace: Workspace, platforms: dict[str, Platform]
) -> None:
    google = platforms["google_ads"]
    [entry] = [entry for entry in google.lists if entry.name == LIST]
    stranger = email("stranger")
    entry.members[Key(*stranger)] = google.clock.now() - timedelta(days=1)
    arguments = ("run", "buyers", "--no-build", "--json")
    token = str(platforms["meta"].settings()["access_token"])
    done = workspace.cli(*arguments, "--replace", "--by", "Jo", check=False, TEST_META_TOKEN=token)
    assert done.returncode == 0
    reports = {entry["destination"]: entry for entry in json.loads(done.stdout)["runs"]}
    assert reports["google_ads"]["replacement"]["requested_by"] == "Jo"
    assert {entry["adds"] for name, entry in reports.items() if name != "google_ads"} == {0}
    assert {entry["replacement"] for name, entry in reports.items() if name != "google_ads"} == {None}
    for name in platforms.keys() - {"google_ads"}:
        assert f"the list '{LIST}' at {name} is not replaced: {name} cannot" in done.stderr
    assert "buyers to google_ads: everybody is sent anew (asked for by Jo on " in done.stderr
    shown = json.loads(workspace.cli("status", "--json").stdout)["lists"]
    assert {row["destination"] for row in shown if row["replacement"]} == {"google_ads"}
    assert "buyers to google_ads: everybody is sent anew" in workspace.cli("status").stdout.replace("\n", " ")
    assert stranger in members(google)


def test_a_list_that_no_platform_can_replace_is_refused(workspace: Workspace) -> None:
    match, _, _ = AUDIENCE.partition("sync:")
    workspace.audience("at_meta", f"{match}sync: [{{destination: meta, list: Buyers at Meta}}]\n")
    done = workspace.cli("run", "at_meta", "--replace", "--by", "Jo", check=False, TEST_META_TOKEN="x")
    (workspace.path / "audiences" / "at_meta.yml").unlink()
    assert done.returncode == 2
    assert "no list of at_meta can be replaced: meta cannot remove whoever was not sent" in done.stderr
