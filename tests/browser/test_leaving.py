"""An event from the last moment of a page arrives, and only once."""

from __future__ import annotations

import threading

import pytest

from tests.browser.receiver import Answer, Receiver
from tests.browser.site import Site
from tests.browser.visitor import Visitor

NOT_YET = 60_000


@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_an_event_right_before_leaving_arrives(
    visitor: Visitor, receiver: Receiver, site: Site, times: int
) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET}
    for number in range(times):
        visitor.open(f"/{number}")
        visitor.run(f"segmentloom.track('Leaving {number}'); location = 'about:blank'")
    receiver.wait_for_events(*(f"Leaving {number}" for number in range(times)))
    assert len(receiver.ids()) == len(set(receiver.ids())) == times


def test_what_is_on_its_way_is_not_in_the_beacon(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET}
    may_answer = threading.Event()
    receiver.plan(Answer(200, after=may_answer))
    visitor.open()
    visitor.run("segmentloom.track('On its way'); segmentloom.flush()")
    receiver.wait_for_requests(1)
    visitor.run("segmentloom.track('Last')")
    visitor.leave()
    receiver.wait_for_events("Last")
    may_answer.set()
    visitor.open()
    assert visitor.stored_events() == []
    visitor.run("segmentloom.track('Next page')")
    visitor.flush()
    assert receiver.names() == ["On its way", "Last", "Next page"]


def test_what_the_browser_cannot_take_along_goes_out_from_the_next_page(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET, "batchSize": 1000}
    may_answer = threading.Event()
    receiver.plan(Answer(200, after=may_answer))
    visitor.open()
    visitor.run("for (let i = 0; i < 4; i++) segmentloom.track('E' + i, {text: 'x'.repeat(25000)})")
    receiver.wait_for_requests(1)
    visitor.leave()
    visitor.open()
    assert visitor.stored_events() == ["E2", "E3"]
    may_answer.set()
    visitor.flush()
    receiver.wait_for_events("E0", "E1", "E2", "E3")
    assert len(receiver.ids()) == 4


def test_after_a_failure_events_are_kept_for_the_next_page(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET}
    receiver.plan(500)
    visitor.open()
    visitor.run("segmentloom.track('One')")
    visitor.flush()
    visitor.run("segmentloom.track('Two')")
    visitor.leave()
    visitor.open()
    assert visitor.stored_events() == ["One", "Two"]
    visitor.flush()
    receiver.wait_for_events("One", "Two")
    assert [len(delivery.events) for delivery in receiver.received.deliveries] == [1, 2]


def test_a_tab_that_goes_to_the_background_sends_what_it_has(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET}
    visitor.open()
    first = visitor.driver.current_window_handle
    visitor.run("segmentloom.track('In front')")
    visitor.driver.switch_to.new_window("tab")
    receiver.wait_for_events("In front")
    visitor.driver.switch_to.window(first)
    assert visitor.stored_events() == []


def test_a_click_that_leads_away_arrives(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET, "clicks": True}
    visitor.open()
    visitor.run("document.getElementById('link').href = '/elsewhere'")
    visitor.click("link")
    (click,) = receiver.wait_for_events("Element Clicked")
    assert click["properties"]["href"] == visitor.address("/elsewhere")
