"""What is recorded by itself: pages, also of a single-page application, and clicks where a site asks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.receiver import Receiver
from tests.browser.site import Site
from tests.browser.visitor import Visitor


def pages(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    """The properties of the page events, once there are so many; more fail."""
    receiver.wait_for(lambda: receiver.names().count("page") >= count, f"{count} pages")
    found = [event["properties"] for event in receiver.accepted() if event["type"] == "page"]
    assert len(found) == count
    return found


def test_each_route_of_a_single_page_application_is_a_page(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open("/start")
    for route in ("one", "two", "three"):
        visitor.run(
            "history.pushState({}, '', arguments[0]); document.title = arguments[1]", f"/{route}", route
        )
        visitor.flush()
    visitor.run("segmentloom.track('End')")
    receiver.wait_for_events("End")
    found = pages(receiver, 4)
    assert [page["path"] for page in found] == ["/start", "/one", "/two", "/three"]
    assert [page["title"] for page in found] == ["Page /start", "one", "two", "three"]
    assert [page["referrer"] for page in found[1:]] == [page["url"] for page in found[:-1]]


def test_routes_in_one_go_are_all_seen(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open("/start")
    visitor.run("for (const route of ['/one', '/two', '/three']) history.pushState({}, '', route)")
    found = pages(receiver, 4)
    assert [page["path"] for page in found] == ["/start", "/one", "/two", "/three"]
    assert [event["context"]["page"]["path"] for event in receiver.accepted()] == [
        page["path"] for page in found
    ]


def test_back_forward_hash_and_replacement_are_pages_and_the_same_url_is_none(
    visitor: Visitor, receiver: Receiver
) -> None:
    visitor.open("/start")
    visitor.run("history.pushState({}, '', '/one')")
    visitor.driver.back()
    visitor.driver.forward()
    visitor.run("location.hash = 'part'")
    visitor.run("history.replaceState({}, '', '/replaced')")
    visitor.run("history.replaceState({step: 2}, '', '/replaced')")
    found = pages(receiver, 6)
    assert [page["url"].rpartition("/")[2] for page in found] == [
        "start",
        "one",
        "start",
        "one",
        "one#part",
        "replaced",
    ]


def test_pages_can_be_left_to_the_site(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options["autoPage"] = False
    visitor.open()
    visitor.run("history.pushState({}, '', '/one'); segmentloom.page('One')")
    (page,) = pages(receiver, 1)
    assert (page["name"], page["path"]) == ("One", "/one")


def test_clicks_are_not_recorded_unless_asked_for(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open()
    visitor.click("button")
    visitor.click("named")
    visitor.run("segmentloom.track('End')")
    receiver.wait_for_events("End")
    assert receiver.names() == ["page", "End"]


@pytest.mark.parametrize(
    ("clicks", "expected"),
    [
        (True, ["Element Clicked", "Element Clicked", "Plan Chosen"]),
        pytest.param("[data-track]", ["Plan Chosen"], marks=pytest.mark.slow),
    ],
)
def test_clicks_on_links_buttons_or_what_a_selector_finds(
    visitor: Visitor, receiver: Receiver, site: Site, clicks: bool | str, expected: list[str]
) -> None:
    site.options |= {"clicks": clicks, "autoPage": False}
    visitor.open()
    for element in ("inner", "button", "named", "private", "text", "field"):
        visitor.click(element)
    visitor.run("segmentloom.track('End')")
    receiver.wait_for_events("End")
    assert receiver.names() == [*expected, "End"]
    if clicks is True:
        link, button, named = (event["properties"] for event in receiver.accepted()[:3])
        assert link == {
            "tag": "a",
            "id": "link",
            "text": "More about it",
            "href": visitor.address("/#more"),
        }
        assert button == {"tag": "button", "id": "button", "text": "Buy"}
        assert named["text"] == "Growth"
    assert "secret" not in str(receiver.arrivals())
    assert "diagnosis" not in str(receiver.arrivals())
