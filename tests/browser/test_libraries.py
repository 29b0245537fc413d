"""Unchanged libraries in a browser, through a failing network: every call arrives, and is one event."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from selenium import webdriver

from tests.browser.installed import libraries
from tests.collector.arrivals import PLAN, assert_each_call_is_one_event, distinct_events
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


@pytest.mark.parametrize(
    ("page", "calls"),
    [
        ("rudder_browser.html", 20),
        pytest.param("rudder_browser.html", 100, marks=pytest.mark.slow),
        pytest.param("segment_browser.html", 100, marks=pytest.mark.slow),
    ],
)
def test_every_call_becomes_one_event(
    browser: webdriver.Chrome, pages: str, tmp_path: Path, page: str, calls: int
) -> None:
    project = Workspace.create(tmp_path / "project")
    with running(project.path) as collector, faulty_proxy(collector.port, PLAN) as proxy:
        query = urlencode({"host": proxy.url, "key": collector.public, "calls": calls})
        browser.get(f"{pages}/{page}?{query}")
        until(lambda: distinct_events(collector) == calls, SECONDS)
        browser.get("about:blank")
        faults = set(proxy.done)
        assert_each_call_is_one_event(collector, project, calls)
    assert faults == set(PLAN)


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        pass
