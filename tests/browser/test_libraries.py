"""Unchanged libraries in a browser, through a failing network: every call arrives, and is one event."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from selenium import webdriver

from tests.browser.installed import libraries
from tests.collector.arrivals import (
    PLAN,
    SOUND,
    assert_each_call_is_in_the_spool,
    assert_each_call_is_one_event,
    distinct_events,
)
from tests.collector.faulty_proxy import faulty_proxy
from tests.collector.running import running, until
from tests.workspace import Workspace

SECONDS = 120


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """The address of a shop whose pages use the libraries."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(libraries())))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://shop.localhost:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_call_arrives(browser: webdriver.Chrome, pages: str, tmp_path: Path) -> None:
    _call(browser, f"{pages}/rudder_browser.html", tmp_path, 20)


def test_hightouch_s_library_arrives_where_nothing_fails(
    browser: webdriver.Chrome, pages: str, tmp_path: Path
) -> None:
    """It takes any answer for a delivery, so that no collector can have what a 500 has cost."""
    _call(browser, f"{pages}/hightouch_browser.html", tmp_path, 20, SOUND)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", ["segment_browser.html", "segment_browser_batches.html", "rudder_browser.html"]
)
def test_every_call_becomes_one_event(
    browser: webdriver.Chrome, pages: str, tmp_path: Path, page: str
) -> None:
    project = Workspace.create(tmp_path / "project")
    _call(browser, f"{pages}/{page}", project.path, 100)
    assert_each_call_is_one_event(project, 100)


def _call(browser: webdriver.Chrome, page: str, folder: Path, calls: int, plan: Sequence[str] = PLAN) -> None:
    """Open a page that calls its library so often; what has become of that is in the folder's spool."""
    with running(folder) as collector, faulty_proxy(collector.port, plan) as proxy:
        query = urlencode({"host": proxy.url, "key": collector.public, "calls": calls})
        browser.get(f"{page}?{query}")
        until(lambda: distinct_events(collector) == calls, SECONDS)
        browser.get("about:blank")
        assert_each_call_is_in_the_spool(collector, calls)
    assert set(proxy.done) == set(plan)


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass
