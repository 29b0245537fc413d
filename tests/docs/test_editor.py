"""An editor helps whoever writes an audience: the language server that editors run, with our schema."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from tests.browser.installed import language_server
from tests.workspace import REPOSITORY

pytestmark = pytest.mark.slow

SCHEMA = "# yaml-language-server: $schema=../schemas/audience.schema.json\n"
RIGHT = "description: Buyers\nmatch:\n  all:\n    - {event: Order Completed, within: 30 days}\n"


class Editor:
    """Speaks to the language server as editors do (its protocol, 3.17). Use it in a with statement."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = (folder / "audiences" / "mine.yml").as_uri()
        self._number = 0

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            ["node", str(language_server()), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._ask("initialize", {"processId": None, "rootUri": self._folder.as_uri(), "capabilities": {}})
        self._tell("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.kill()
        self._server.communicate()

    def problems(self, text: str) -> list[tuple[int, str]]:
        """Open the file with this text; line (from 1) and message of what the editor underlines."""
        document = {"uri": self._file, "languageId": "yaml", "version": 1, "text": SCHEMA + text}
        self._tell("textDocument/didOpen", {"textDocument": document})
        found = next(
            one["params"]["diagnostics"]
            for one in self._messages()
            if one.get("method") == "textDocument/publishDiagnostics"
        )
        return [(problem["range"]["start"]["line"], problem["message"]) for problem in found]

    def offered(self, line: int, character: int) -> set[str]:
        """What is offered at a place of the opened file, in lines from 1 and characters from 0."""
        answer = self._ask("textDocument/completion", self._at(line, character))
        return {item["label"] for item in answer["items"]}

    def shown(self, line: int, character: int) -> str:
        """What is shown when the pointer rests there."""
        return json.dumps(self._ask("textDocument/hover", self._at(line, character)))

    def _at(self, line: int, character: int) -> dict[str, Any]:
        return {"textDocument": {"uri": self._file}, "position": {"line": line, "character": character}}

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        return next(one["result"] for one in self._messages() if one.get("id") == self._number)

    def _tell(self, method: str, params: dict[str, Any]) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._server.stdin.flush()

    def _messages(self) -> Iterator[dict[str, Any]]:
        """Those that come. What the server asks of an editor is answered with nothing."""
        assert self._server.stdout is not None
        while head := self._server.stdout.readline():
            length = int(head.split(b":")[1])
            while self._server.stdout.readline().strip():
                pass
            message = json.loads(self._server.stdout.read(length))
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": [{}] * len(message["params"].get("items", []))})
            else:
                yield message
        raise AssertionError("the language server has ended")


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    (tmp_path / "schemas").symlink_to(REPOSITORY / "schemas")
    (tmp_path / "audiences").mkdir()
    with Editor(tmp_path) as opened:
        yield opened


def test_nothing_is_underlined_in_a_right_file(editor: Editor) -> None:
    assert editor.problems(RIGHT) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "said"),
    [
        ("within: 30 days", "within: 30 dayz", 4, "hours, days or calendar days"),
        ("within: 30 days", "withn: 30 days", 4, "withn"),
        ("description: Buyers", "descriptoin: Buyers", 1, "descriptoin"),
        ("description: Buyers", "cadence: weekly", 1, "hourly"),
    ],
)
def test_mistakes_are_underlined_where_they_are(
    editor: Editor, right: str, wrong: str, line: int, said: str
) -> None:
    [(at, message), *_] = editor.problems(RIGHT.replace(right, wrong))
    assert at == line
    assert said in message


def test_keys_are_offered_and_explained(editor: Editor) -> None:
    editor.problems(RIGHT + "\n")
    assert editor.offered(5, 0) >= {"cadence", "sync", "tests", "guard", "exclude", "holdout"}
    assert "Who these people are" in editor.shown(1, 3)
