from __future__ import annotations

import gzip
import hashlib
import io
import os
import threading
from pathlib import Path

import pytest

from segmentloom_sync.errors import ConfigError, SegmentloomError
from segmentloom_sync.landing.files import find
from segmentloom_sync.landing.json_line import MAX_BYTES
from tests.unprivileged import reachable_folder, unprivileged

LINES = [b'{"a": 1}\n', b"\n", b'{"b": 2}\r\n', b'{"c": 3}']
CONTENT = b"".join(LINES)


def test_plain_and_packed_content_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(CONTENT)
    (tmp_path / "packed.json").write_bytes(gzip.compress(CONTENT[:10]) + gzip.compress(CONTENT[10:]))

    plain, packed = find([str(tmp_path / "a.jsonl"), str(tmp_path / "packed.json")])

    assert list(plain.lines()) == list(packed.lines()) == LINES
    assert plain.digest == packed.digest == hashlib.sha256(CONTENT).hexdigest()
    assert (plain.size, plain.line_count) == (len(CONTENT), 4)


def test_a_folder_gives_its_event_files_in_name_order(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a/c.ndjson.gz", "a/b.json", "notes.txt", ".hidden.jsonl", ".git/x.json", "z.gz"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(CONTENT)
    found = [str(Path(file.name).relative_to(tmp_path)) for file in find([str(tmp_path)])]
    assert found == ["a/b.json", "a/c.ndjson.gz", "b.jsonl"]


def test_files_are_taken_whatever_their_names(tmp_path: Path) -> None:
    (tmp_path / "events.log").write_bytes(CONTENT)
    assert len(find([str(tmp_path / "events.log")])) == 1


def test_a_folder_without_event_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no event files"):
        find([str(tmp_path)])


def test_what_cannot_be_read_is_named_before_anything_is_landed(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_bytes(CONTENT)
    with pytest.raises(ConfigError, match=r"missing\.jsonl: No such file"):
        find([str(tmp_path / "good.jsonl"), str(tmp_path / "missing.jsonl")])


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    with pytest.raises(ConfigError, match=r"loop\.jsonl: Too many levels of symbolic links"):
        find([str(tmp_path / "loop.jsonl")])


@pytest.mark.parametrize("damage", [lambda data: data[:-5], lambda data: data[:30] + b"xx" + data[32:]])
def test_a_damaged_gzip_file_is_named(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    (tmp_path / "cut.jsonl.gz").write_bytes(damage(gzip.compress(os.urandom(1000))))
    with pytest.raises(ConfigError, match=r"cut\.jsonl\.gz: it is not a whole gzip file"):
        find([str(tmp_path)])


def test_what_is_appended_meanwhile_is_left_for_the_next_load(tmp_path: Path) -> None:
    path = tmp_path / "growing.jsonl"
    path.write_bytes(b"1\n2\n")
    [file] = find([str(path)])
    with path.open("ab") as more:
        more.write(b"3\n")

    assert list(file.lines()) == [b"1\n", b"2\n"]


@pytest.mark.parametrize("content", [b"1\n3\n", b"1\n"])
def test_a_file_that_was_changed_meanwhile_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "changed.jsonl"
    path.write_bytes(b"1\n2\n")
    [file] = find([str(path)])
    path.write_bytes(content)

    with pytest.raises(SegmentloomError, match="changed while it was read"):
        list(file.lines())


def test_a_line_beyond_the_limit_is_cut_and_the_next_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(b"x" * (3 * MAX_BYTES + 7) + b"\n{}\n" + b"y" * (MAX_BYTES + 1))

    lines = list(find([str(path)])[0].lines())

    assert [len(line) for line in lines] == [MAX_BYTES + 1, 3, MAX_BYTES + 1]
    assert lines[1] == b"{}\n"


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "bom.jsonl").write_bytes(b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n")
    assert list(find([str(tmp_path)])[0].lines()) == [b"{}\n", b"\xef\xbb\xbf{}\n"]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"")
    [file] = find([str(tmp_path)])
    assert (list(file.lines()), file.line_count) == ([], 0)


def test_standard_input_and_pipes_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(CONTENT))))
    [file] = find(["-"])
    assert list(file.lines()) == LINES

    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(CONTENT))
    writer.start()
    [file] = find([str(tmp_path / "pipe")])
    writer.join()
    assert list(file.lines()) == LINES


def test_folders_without_permission_are_named() -> None:
    with reachable_folder() as folder:
        (folder / "good.jsonl").write_bytes(CONTENT)
        (folder / "closed").mkdir()
        (folder / "closed" / "a.jsonl").write_bytes(CONTENT)
        (folder / "closed").chmod(0o000)
        with unprivileged():
            with pytest.raises(ConfigError, match=r"cannot read .*/closed: Permission denied"):
                find([str(folder)])
            with pytest.raises(ConfigError, match=r"cannot read .*/closed/a\.jsonl: Permission denied"):
                find([str(folder / "closed" / "a.jsonl")])


def test_names_that_no_file_can_have_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jsonl").write_bytes(CONTENT)
    with pytest.raises(ConfigError, match="a file name is empty"):
        find([""])
    with pytest.raises(ConfigError, match=r"cannot read x+: File name too long"):
        find(["x" * 300])


def test_a_closed_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ConfigError, match="cannot read -: standard input is closed"):
        find(["-"])


def test_a_name_that_is_no_utf_8_is_escaped(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.jsonl"
    Path(os.fsdecode(path)).write_bytes(CONTENT)
    [file] = find([str(tmp_path)])
    assert file.name == f"{tmp_path}/caf\\xe9.jsonl"
    assert list(file.lines()) == LINES
