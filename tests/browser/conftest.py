"""One Chromium per test process, and for each test a site of its own that nobody has visited."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.browser.installed import build_script
from tests.browser.receiver import Receiver
from tests.browser.site import Site
from tests.browser.visitor import Visitor, console, start_chromium

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser that looks like a person's."""
    driver = start_chromium(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="session")
def _site(_receiver: Receiver) -> Iterator[Site]:
    build_script()
    with Site(f"http://collect.localhost:{_receiver.port}") as site:
        yield site


@pytest.fixture
def receiver(_receiver: Receiver) -> Iterator[Receiver]:
    """Where the SDK sends to, of another origin than the site. What breaks the contract fails the test."""
    _receiver.forget()
    yield _receiver
    assert _receiver.received.violations == []


@pytest.fixture
def site(_site: Site) -> Site:
    """The site, as its owner sets it up."""
    _site.start_over()
    return _site


@pytest.fixture
def visitor(browser: webdriver.Chrome, site: Site) -> Iterator[Visitor]:
    """A first-time visitor. An exception or a console error of the page fails the test."""
    first = browser.current_window_handle
    visitor = Visitor(browser, f"shop{next(_numbers)}-{os.getpid()}.localhost", site.port)
    console(browser)
    yield visitor
    errors = [
        line["message"]
        for line in console(browser)
        if line["level"] == "SEVERE" and line["source"] != "network"
    ]
    for handle in browser.window_handles:
        if handle != first:
            browser.switch_to.window(handle)
            browser.close()
    browser.switch_to.window(first)
    assert errors == []
