"""Compiled macros are kept between processes; nothing that is wrong with what is kept changes an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest

from segmentloom_sync import macro_code
from segmentloom_sync.macro_code import FOLDER, MacroCode


class CountingEnvironment(jinja2.Environment):
    """Knows how often it compiled."""

    compilations = 0

    def compile(self, *arguments: Any, **keywords: Any) -> Any:
        self.compilations += 1
        return super().compile(*arguments, **keywords)


@pytest.fixture
def environment() -> CountingEnvironment:
    return CountingEnvironment()


def rendered(environment: jinja2.Environment, target: Path, text: str) -> str:
    code = MacroCode(environment, target).of(text)
    return jinja2.Template.from_code(environment, code, environment.make_globals(None)).render()


def kept(target: Path) -> Path:
    (file,) = (target / FOLDER).iterdir()
    return file


def test_a_text_is_compiled_once(environment: CountingEnvironment, tmp_path: Path) -> None:
    assert [rendered(environment, tmp_path / "target", "{{ 1 + 1 }}") for _ in range(3)] == ["2", "2", "2"]
    assert environment.compilations == 1


def test_a_changed_text_is_another(environment: CountingEnvironment, tmp_path: Path) -> None:
    assert rendered(environment, tmp_path, "{{ 1 + 1 }}") == "2"
    assert rendered(environment, tmp_path, "{{ 1 + 2 }}") == "3"
    assert environment.compilations == 2


def test_another_version_of_jinja_or_ours_compiles_anew(
    environment: CountingEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered(environment, tmp_path, "{{ 1 + 1 }}")
    monkeypatch.setattr(macro_code, "_MADE_BY", b"another")
    assert rendered(environment, tmp_path, "{{ 1 + 1 }}") == "2"
    assert environment.compilations == 2


@pytest.mark.parametrize("size", [0, 10, 32, 60, -1])
def test_what_is_not_whole_is_compiled_anew(
    environment: CountingEnvironment, tmp_path: Path, size: int
) -> None:
    rendered(environment, tmp_path, "{{ 1 + 1 }}")
    file = kept(tmp_path)
    file.write_bytes(file.read_bytes()[:size])
    assert [rendered(environment, tmp_path, "{{ 1 + 1 }}") for _ in range(2)] == ["2", "2"]
    assert environment.compilations == 2


def test_where_nothing_can_be_kept_it_compiles_all_the_same(
    environment: CountingEnvironment, tmp_path: Path
) -> None:
    (tmp_path / "target").write_text("a file where the folder should be")
    assert [rendered(environment, tmp_path / "target", "{{ 1 + 1 }}") for _ in range(2)] == ["2", "2"]
    assert environment.compilations == 2
