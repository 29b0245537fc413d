"""Who changed an audience: what git tells, and what is not told rather than guessed."""

from __future__ import annotations

import getpass
import json
import subprocess
from pathlib import Path

import pytest

from segmentloom_sync.audiences import authors as authors_module
from segmentloom_sync.audiences.authors import VARIABLE, Author, authors, environment
from tests.unit.audiences.clone import Clone


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone")


def test_each_audience_has_the_author_of_the_commit_that_touched_it_last(clone: Clone) -> None:
    clone.write("a")
    clone.write("b c")
    first = clone.commit()
    clone.write("b c", "match: {event: y}")
    second = clone.commit("Bob Ümlaut")
    (clone.root / "README").write_text("x")
    clone.commit("Cat")
    assert authors(clone.project, ["a", "b c"]) == {
        "a": Author("Ann Miller", first, False),
        "b c": Author("Bob Ümlaut", second, False),
    }


def test_what_is_not_committed_is_of_the_machines_user(clone: Clone) -> None:
    clone.write("a")
    clone.write("gone")
    first = clone.commit()
    clone.write("a", "match: {event: y}")
    clone.write("new")
    (clone.project / "audiences" / "gone.yml").unlink()
    user = getpass.getuser()
    assert authors(clone.project, ["a", "new"]) == {
        "a": Author(user, first, True),
        "new": Author(user, None, True),
        "gone": Author(user, first, True),
    }


def test_a_removed_audience_is_its_removers(clone: Clone) -> None:
    clone.write("a")
    clone.commit()
    (clone.project / "audiences" / "a.yml").unlink()
    removed = clone.commit("Bob")
    assert authors(clone.project, []) == {"a": Author("Bob", removed, False)}


def test_a_renamed_audience_is_its_renamers_under_both_names(clone: Clone) -> None:
    clone.write("a")
    clone.commit()
    (clone.project / "audiences" / "a.yml").rename(clone.project / "audiences" / "b.yml")
    renamed = clone.commit("Bob")
    author = Author("Bob", renamed, False)
    assert authors(clone.project, ["b"]) == {"a": author, "b": author}


def test_an_address_in_place_of_a_name_is_not_kept(clone: Clone) -> None:
    clone.write("a")
    commit = clone.commit("ann@example.com")
    assert authors(clone.project, ["a"]) == {"a": Author(None, commit, False)}


def test_a_shallow_clone_does_not_make_the_newest_author_everybodys(clone: Clone, tmp_path: Path) -> None:
    clone.write("a")
    clone.commit("Ann")
    clone.write("b")
    clone.commit("Bob")
    clone.write("b", "match: {event: y}")
    newest = clone.commit("Cat")
    shallow = tmp_path / "shallow"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "2", f"file://{clone.root}", str(shallow)], check=True
    )
    assert authors(shallow / "warehouse" / "shop", ["a", "b"]) == {
        "a": Author(None, None, None),
        "b": Author("Cat", newest, False),
    }


def test_without_a_repository_or_a_commit_only_the_user_is_known(clone: Clone, tmp_path: Path) -> None:
    user = getpass.getuser()
    assert authors(tmp_path, ["a"]) == {"a": Author(user, None, None)}
    clone.write("a")
    assert authors(clone.project, ["a"]) == {"a": Author(user, None, True)}


def test_dbt_gets_it_as_json_unless_it_is_too_long(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    clone.write("a")
    commit = clone.commit('Bob "Bo" O\'Hara')
    assert json.loads(environment(clone.project, ["a"])[VARIABLE]) == {
        "a": ['Bob "Bo" O\'Hara', commit, False]
    }
    monkeypatch.setattr(authors_module, "MAXIMUM_BYTES", 10)
    assert environment(clone.project, ["a"]) == {}
