"""Which audiences a run takes, and what it makes of their files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from segmentloom_sync.audiences.compile import compile_audiences
from segmentloom_sync.destinations.clock import SystemClock
from segmentloom_sync.errors import ConfigError, DefinitionError
from segmentloom_sync.project import ProjectFolder
from segmentloom_sync.settings import load_settings
from segmentloom_sync.sync.choice import Chosen, choose
from segmentloom_sync.sync.runs import worst_exit_code
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.sync.targets import sync_targets

MATCH = "match: {trait: plan, is: free}\n"
SETTINGS = """
destinations:
  linkedin: {type: linkedin, ad_account_id: "1", access_token: x, max_retries: 2}
  meta: {type: meta, ad_account_id: act_1, access_token: x, consent: granted}
"""


@dataclass(frozen=True)
class Folder:
    directory: Path

    def write(self, name: str, text: str) -> None:
        (self.directory / "audiences").mkdir(exist_ok=True)
        (self.directory / "audiences" / f"{name}.yml").write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.write(
        "free",
        MATCH + "cadence: hourly\nsync: [{destination: meta, list: Free, identifiers: [email, phone]}]\n",
    )
    folder.write("quiet", MATCH)
    (tmp_path / "segmentloom.yml").write_text(SETTINGS)
    return folder


def targets(project: Folder, chosen: Chosen) -> list[SyncTarget]:
    settings = load_settings(project.directory)
    return sync_targets(chosen.audiences, settings, SystemClock())


def test_without_names_all_with_a_sync_are_taken(project: Folder) -> None:
    chosen = choose(project, [])
    assert [audience.name for audience in chosen.audiences] == ["free"]
    [target] = targets(project, chosen)
    assert (target.list_name, target.identifier_types, target.cadence) == (
        "Free",
        ("email", "phone"),
        timedelta(hours=1),
    )
    assert target.consent_rule == "not_denied"


@pytest.mark.parametrize(
    ("consent", "rule"), [("denied", "nobody"), ("granted", "not_denied"), ("from_profile", "not_denied")]
)
def test_a_consent_in_the_settings_never_overrules_a_refusal(
    project: Folder, consent: str, rule: str
) -> None:
    (project.directory / "segmentloom.yml").write_text(SETTINGS.replace("granted", consent))
    [target] = targets(project, choose(project, []))
    assert target.consent_rule == rule


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fre", "there is no audience 'fre'; did you mean 'free'?"),
        ("brken", "there is no audience 'brken'; did you mean 'broken'?"),
        ("quiet", "audience 'quiet' has no sync; add to audiences/quiet.yml: sync: "),
    ],
)
def test_a_wrong_name_is_the_callers(project: Folder, name: str, message: str) -> None:
    project.write("broken", "match: {}\n")
    with pytest.raises(ConfigError) as caught:
        choose(project, [name])
    assert f"{caught.value.message}; {caught.value.hint}".startswith(message)


def test_what_holds_a_named_audience_back_is_told_before_it(project: Folder) -> None:
    project.write("draft", "match: {")
    project.write(
        "cart", f"{MATCH}priority: {{group: carts, rank: 2}}\nsync: [{{destination: meta, list: C}}]\n"
    )
    with pytest.raises(DefinitionError) as caught:
        choose(project, ["cart"])
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "audiences/draft.yml",
        "audiences/cart.yml",
    ]
    everything = choose(project, [])
    assert everything.held_back == ("audiences/cart.yml", "audiences/draft.yml")
    assert {path: len(problems) for path, problems in everything.held_back_for.items()} == {
        "audiences/cart.yml": 1,
        "audiences/draft.yml": 1,
    }
    assert everything.held_back_for["audiences/draft.yml"][0].startswith("audiences/draft.yml:")


def test_a_wrong_file_stops_only_its_own_audience(project: Folder) -> None:
    project.write("broken", "match: {}\n")
    chosen = choose(project, ["free"])
    assert chosen.broken == {"broken"}
    assert "broken.yml" in chosen.warnings[0]
    with pytest.raises(DefinitionError):
        choose(project, ["broken"])


@pytest.mark.parametrize(
    ("sync", "message"),
    [
        ("{destination: linkedin, list: X, identifiers: [phone]}", "linkedin does not take phone"),
        ("{destination: metta, list: X}", "unknown destination 'metta'"),
        ("{destination: meta, list: Two}", "the list 'Two' at meta is also that of 'second'"),
    ],
)
def test_what_cannot_be_synced_is_said_of_its_audience_and_stops_no_other(
    project: Folder, sync: str, message: str
) -> None:
    project.write("second", f"{MATCH}sync: [{{destination: meta, list: Two}}]\n")
    project.write("other", f"{MATCH}sync: [{sync}]\n")
    with pytest.raises(DefinitionError, match=message):
        choose(project, ["other"])
    named = choose(project, ["free"])
    assert [target.audience for target in targets(project, named)] == ["free"]
    assert named.held_back == ()
    everything = choose(project, [])
    rest = ["free"] if "also that of" in message else ["free", "second"]
    assert [target.audience for target in targets(project, everything)] == rest
    assert everything.held_back == tuple(
        f"audiences/{name}.yml" for name in ("other", "second") if name not in rest
    )


def test_destinations_are_those_of_the_given_file(project: Folder) -> None:
    project.write("other", f"{MATCH}sync: [{{destination: elsewhere, list: X}}]\n")
    file = project.directory / "other_settings.yml"
    file.write_text(SETTINGS.replace("linkedin:", "elsewhere:"))
    assert choose(project, [], file).held_back == ()
    assert choose(project, []).held_back == ("audiences/other.yml",)


def test_where_all_files_are_wrong_nothing_is_chosen(project: Folder) -> None:
    project.write("free", "match: {}\n")
    chosen = choose(project, [])
    assert (chosen.audiences, chosen.held_back) == ((), ("audiences/free.yml",))
    project.write("free", MATCH)
    with pytest.raises(ConfigError, match="no audience in audiences/ has a sync"):
        choose(project, [])


@pytest.mark.parametrize(
    ("codes", "worst"), [((0, 4, 3), 3), ((3, 1, 4), 1), ((1, 2), 2), ((0, 4), 4), ((), 0)]
)
def test_several_runs_end_with_the_worst_exit_code(codes: tuple[int, ...], worst: int) -> None:
    assert worst_exit_code(codes) == worst


def test_an_audience_is_published_with_its_priority_group(project: Folder) -> None:
    for name, rank in {"first": 1, "second": 2}.items():
        project.write(name, f"{MATCH}priority: {{group: life, rank: {rank}}}\n")
    chosen = choose(project, [])
    assert chosen.group_of("second") == ["first", "second"]
    assert chosen.group_of("free") == ["free"]
    assert chosen.broken_in_group_of("first") == []


@pytest.mark.parametrize(
    ("wrong", "holds"),
    [
        ("match: {}\npriority: {group: life, rank: 3}", True),
        ("match: {}\npriority: {group: other, rank: 3}", False),
    ],
)
def test_a_wrong_file_holds_the_priority_group_back_that_it_may_be_of(
    project: Folder, wrong: str, holds: bool
) -> None:
    project.write("first", f"{MATCH}priority: {{group: life, rank: 1}}\n")
    project.write("third", wrong)
    chosen = choose(project, [])
    assert chosen.broken_in_group_of("first") == (["third"] if holds else [])
    assert chosen.broken_in_group_of("free") == []


def test_so_does_a_wrong_file_whose_model_is_of_the_group_still(project: Folder) -> None:
    (project.directory / "dbt_project.yml").write_text("name: shop\n")
    for name, rank in {"first": 1, "third": 3}.items():
        project.write(name, f"{MATCH}priority: {{group: life, rank: {rank}}}\n")
    compile_audiences(ProjectFolder.find(project.directory))
    project.write("third", "match: {}")
    assert choose(project, []).broken_in_group_of("first") == ["third"]
