"""What is called arrives: in batches, once, through failures, offline and across pages."""

from __future__ import annotations

from tests.browser.receiver import Answer, Receiver
from tests.browser.site import Site
from tests.browser.visitor import Visitor

NOT_YET = 60_000
"""Milliseconds that no test waits for."""


IN_THE_BACKGROUND = """
    const event = arguments[0]
    const trackLater = () => setTimeout(() => document.hidden && segmentloom.track(event))
    document.addEventListener('visibilitychange', trackLater)
"""
"""When the tab is no longer in front, and has sent what it had."""


def test_calls_from_before_the_script_arrived_are_taken_up_in_order(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options["autoPage"] = False
    site.calls = """
        segmentloom.track("First", {price: 12.5});
        segmentloom.identify("u1", {email: "ann@example.com"});
        segmentloom.group("g1", {name: "Firm"});
        segmentloom.alias("u1", "u0");
        segmentloom.page("Pricing", {tier: 2});
        segmentloom.identify({plan: "free"});
    """
    visitor.open("/a?b=c")
    receiver.wait_for(lambda: len(receiver.accepted()) == 6, "six events")
    first, person, group, alias, page, traits = receiver.accepted()
    assert (first["type"], first["event"], first["properties"]) == ("track", "First", {"price": 12.5})
    assert "user_id" not in first
    assert (person["user_id"], person["traits"]) == ("u1", {"email": "ann@example.com"})
    assert (group["group_id"], group["traits"], group["user_id"]) == ("g1", {"name": "Firm"}, "u1")
    assert (alias["user_id"], alias["previous_id"]) == ("u1", "u0")
    assert page["properties"] == {
        "url": visitor.address("/a?b=c"),
        "path": "/a",
        "search": "?b=c",
        "title": "Page /a",
        "referrer": "",
        "name": "Pricing",
        "tier": 2,
    }
    assert (traits["type"], traits["traits"], traits["user_id"]) == ("identify", {"plan": "free"}, "u1")
    assert len({event["anonymous_id"] for event in receiver.accepted()}) == 1
    assert len({event["message_id"] for event in receiver.accepted()}) == 6


def test_a_batch_goes_out_when_it_is_full(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET, "batchSize": 5}
    visitor.open()
    visitor.run("for (let i = 0; i < 7; i++) segmentloom.track('E' + i)")
    receiver.wait_for_requests(1)
    assert receiver.names() == ["E0", "E1", "E2", "E3", "E4"]
    visitor.flush()
    assert [len(delivery.events) for delivery in receiver.received.deliveries] == [5, 2]


def test_a_batch_goes_out_after_a_while(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options |= {"autoPage": False, "flushMs": 300}
    visitor.open()
    visitor.run("for (let i = 0; i < 7; i++) segmentloom.track('E' + i)")
    receiver.wait_for_requests(1)
    assert len(receiver.received.deliveries[0].events) == 7


def test_large_batches_go_out_in_pieces_that_the_browser_keeps_alive(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET, "batchSize": 1000}
    visitor.open()
    visitor.run("for (let i = 0; i < 3; i++) segmentloom.track('E' + i, {text: '\\u00e9'.repeat(12500)})")
    receiver.wait_for_requests(1)
    assert receiver.names() == ["E0", "E1"]
    visitor.flush()
    receiver.wait_for_events("E2")
    assert len(receiver.ids()) == 3


def test_an_event_that_the_collector_would_not_take_is_dropped_with_a_warning(
    visitor: Visitor, receiver: Receiver
) -> None:
    visitor.open()
    visitor.run("""
        const circle = {}
        circle.circle = circle
        segmentloom.track('Large', {text: 'x'.repeat(32000)})
        segmentloom.track('No JSON', circle)
        segmentloom.track('Good')
    """)
    receiver.wait_for_events("Good")
    assert not {"Large", "No JSON"} & set(receiver.names())
    too_large, no_json = visitor.warnings()
    assert "event too large" in too_large
    assert "TypeError" in no_json


def test_a_failed_batch_is_sent_again_as_it_was(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options["autoPage"] = False
    receiver.plan(500, Answer(429, retry_after=2), 0)
    visitor.open()
    visitor.run("segmentloom.track('One'); segmentloom.track('Two')")
    receiver.wait_for_requests(1)
    visitor.run("segmentloom.track('Three')")
    receiver.wait_for_events("One", "Two", "Three")
    first, second, third, *_ = receiver.received.deliveries
    assert [event["event"] for event in first.events] == ["One", "Two"]
    assert second.at - first.at >= 0.5
    assert third.at - second.at >= 2
    assert len(set(receiver.ids())) == 3
    assert [event["message_id"] for event in third.events] == [event["message_id"] for event in second.events]
    assert visitor.stored_events() == []


def test_what_the_collector_refuses_is_not_sent_again(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options["autoPage"] = False
    receiver.plan(401)
    visitor.open()
    visitor.run("segmentloom.track('Refused')")
    receiver.wait_for_requests(1)
    visitor.run("segmentloom.track('Next')")
    receiver.wait_for_events("Next")
    assert "Refused" not in receiver.names()
    assert "401" in "".join(visitor.warnings())


def test_the_next_page_waits_as_long_as_the_collector_asked(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options["autoPage"] = False
    receiver.plan(Answer(503, retry_after=3))
    visitor.open("/one")
    visitor.run("segmentloom.track('One')")
    receiver.wait_for_requests(1)
    visitor.open("/two")
    visitor.run("segmentloom.track('Two')")
    receiver.wait_for_events("One", "Two")
    refused, taken = receiver.received.deliveries
    assert taken.at - refused.at >= 3
    assert len(taken.events) == 2


def test_events_from_offline_survive_a_reload_and_go_out_once(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open()
    receiver.wait_for_events("page")
    visitor.flush()
    receiver.forget()
    with visitor.offline():
        visitor.run("for (let i = 0; i < 30; i++) segmentloom.track('Offline ' + i)")
        assert len(visitor.stored_events()) == 30
        visitor.leave()
    visitor.open()
    receiver.wait_for_events("page", *(f"Offline {number}" for number in range(30)))
    assert len(receiver.ids()) == len(set(receiver.ids())) == 31


def test_a_reload_in_the_moment_the_network_is_back_sends_hardly_anything_twice(
    visitor: Visitor, receiver: Receiver
) -> None:
    visitor.open()
    receiver.wait_for_events("page")
    visitor.flush()
    receiver.forget()
    with visitor.offline():
        visitor.run("for (let i = 0; i < 30; i++) segmentloom.track('Offline ' + i)")
    visitor.open()
    receiver.wait_for_events("page", *(f"Offline {number}" for number in range(30)))
    assert len(set(receiver.ids())) == 31
    assert len(receiver.ids()) <= 31 + 3


def test_a_tab_leaves_what_another_has_alone_until_that_goes(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET}
    visitor.open("/first")
    first = visitor.driver.current_window_handle
    visitor.run(IN_THE_BACKGROUND, "Of the first tab")
    visitor.driver.switch_to.new_window("tab")
    second = visitor.driver.current_window_handle
    visitor.open("/second")
    visitor.wait_for_storage(with_events=True)
    visitor.open("/second")
    visitor.run("segmentloom.track('Of the second tab')")
    visitor.flush()
    assert receiver.names() == ["Of the second tab"]
    assert visitor.stored_events() == ["Of the first tab"]
    visitor.driver.switch_to.window(first)
    visitor.leave()  # closing it would end its process, perhaps before storage is written
    visitor.driver.switch_to.window(second)
    receiver.wait_for_events("Of the first tab")
    visitor.wait_for_storage(with_events=False)


def test_a_minute_after_a_crash_the_next_page_sends_what_was_left(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "flushMs": NOT_YET}
    visitor.open()
    visitor.run("segmentloom.track('Before the crash')")
    visitor.run("""
        const [key] = Object.keys(localStorage).filter(key => key.startsWith('sgl_q'))
        const [savedAt, event] = localStorage[key].split('\\n')
        localStorage.sgl_q_crashed = [savedAt - 61000, event.replace('Before', 'Long before')].join('\\n')
        localStorage.sgl_q_alive = [savedAt - 1000, event.replace('Before', 'Just before')].join('\\n')
    """)
    visitor.open()
    visitor.flush()
    receiver.wait_for_events("Long before the crash")
    assert visitor.stored_events() == ["Just before the crash"]


def test_a_full_storage_stops_nothing(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open()
    visitor.run("""
        for (let size = 1 << 22; size >= 1; size >>= 1)
            try { for (;;) localStorage['full' + Math.random()] = 'x'.repeat(size) } catch {}
        for (let i = 0; i < 3; i++) segmentloom.track('Full ' + i)
    """)
    receiver.wait_for_events("Full 0", "Full 1", "Full 2")
    assert len(receiver.ids()) == len(set(receiver.ids()))
