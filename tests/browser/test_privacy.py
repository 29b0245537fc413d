"""Signals, consent and choices: what is not allowed is neither sent nor stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.receiver import Receiver
from tests.browser.site import Site
from tests.browser.test_delivery import IN_THE_BACKGROUND
from tests.browser.visitor import Visitor, start_chromium

SIGNAL = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {value: true})"
DO_NOT_TRACK = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {value: '1'})"
EVERYTHING = """
    segmentloom.identify('u1', {email: 'ann@example.com'})
    segmentloom.track('Seen')
    segmentloom.consent({ad_user_data: true})
    segmentloom.anonymousId()
    segmentloom.reset()
    history.pushState({}, '', '/route?utm_source=news&gclid=abc')
    document.getElementById('button').click()
    return segmentloom.flush()
"""


def leaves_no_trace(visitor: Visitor, receiver: Receiver, site: Site, reason: str) -> None:
    """Does all there is to do, then shows with a visitor of another site that requests would have arrived."""
    site.options["clicks"] = True
    visitor.open("/?utm_source=news&gclid=abc")
    assert visitor.run("return segmentloom.blocked()") == reason
    visitor.run(EVERYTHING)
    visitor.open("/again")
    assert visitor.cookies() == {}
    assert visitor.storage() == {}
    visitor.leave()


def control_arrives(visitor: Visitor, receiver: Receiver) -> None:
    """The same without the signal is seen, and nothing before it was."""
    host = visitor.host.replace("shop", "control")
    visitor.open("/control", host)
    visitor.run("segmentloom.track('Control'); return segmentloom.flush()")
    receiver.wait_for_events("Control")
    assert {event["context"]["page"]["path"] for event in receiver.arrivals()} == {"/control"}


def test_with_global_privacy_control_nothing_is_sent_or_stored(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    with visitor.before_each_page(SIGNAL):
        leaves_no_trace(visitor, receiver, site, "gpc")
    control_arrives(visitor, receiver)


def test_global_privacy_control_is_stronger_than_an_opt_in(visitor: Visitor, receiver: Receiver) -> None:
    with visitor.before_each_page(SIGNAL):
        visitor.open()
        visitor.run("segmentloom.optIn({ad_user_data: true}); segmentloom.track('Seen')")
        assert visitor.storage() == visitor.cookies() == {}
        visitor.leave()
    control_arrives(visitor, receiver)


def test_global_privacy_control_removes_what_an_earlier_visit_left(
    visitor: Visitor, receiver: Receiver
) -> None:
    visitor.open("/?gclid=abc")
    visitor.run("segmentloom.identify('u1'); segmentloom.consent({ad_user_data: true})")
    receiver.wait_for_events("identify")
    assert set(visitor.cookies()) == {"sgl_aid", "sgl_ses", "sgl_uid", "sgl_con"}
    visitor.run("delete localStorage.sgl_aid")
    with visitor.before_each_page(SIGNAL):
        visitor.open()
        assert visitor.storage() == visitor.cookies() == {}


def test_a_site_may_send_the_signal_on_instead(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options["respectGpc"] = False
    with visitor.before_each_page(SIGNAL):
        visitor.open()
        (page,) = receiver.wait_for_events("page")
    assert page["context"]["gpc"] is True


@pytest.mark.slow
def test_do_not_track_counts_when_the_site_says_so(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    with visitor.before_each_page(DO_NOT_TRACK):
        visitor.open("/ignored")
        receiver.wait_for_events("page")
        receiver.forget()
        site.options["respectDnt"] = True
        visitor.host = f"dnt-{visitor.host}"
        leaves_no_trace(visitor, receiver, site, "dnt")
    control_arrives(visitor, receiver)


def test_crawlers_are_left_out_unless_they_are_wanted(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    agent = "Mozilla/5.0 AppleWebKit/537.36 (compatible; Googlebot/2.1) Chrome/156.0.0.0 Safari/537.36"
    visitor.driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": agent})
    leaves_no_trace(visitor, receiver, site, "bot")
    site.options["allowBots"] = True
    visitor.open("/control")
    receiver.wait_for_events("page")
    assert {event["context"]["page"]["path"] for event in receiver.arrivals()} == {"/control"}


@pytest.mark.slow
def test_an_automated_browser_is_a_bot(tmp_path: Path, receiver: Receiver, site: Site) -> None:
    driver = start_chromium(tmp_path / "profile", is_seen_as_bot=True)
    try:
        agent = driver.execute_script("return navigator.userAgent").replace("Headless", "")
        driver.execute_cdp_cmd("Network.setUserAgentOverride", {"userAgent": agent})
        visitor = Visitor(driver, "automated.localhost", site.port)
        visitor.open()
        assert visitor.run("return segmentloom.blocked()") == "bot"
    finally:
        driver.quit()


def test_before_consent_events_are_held_in_memory_and_go_out_with_it(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options["requireConsent"] = True
    visitor.open("/first?utm_source=news")
    visitor.run("segmentloom.identify('u1'); segmentloom.track('Early'); return segmentloom.flush()")
    assert visitor.run("return segmentloom.blocked()") == "no_consent"
    assert visitor.storage() == visitor.cookies() == {}
    visitor.run("history.pushState({}, '', '/second')")
    assert receiver.arrivals() == []
    visitor.run("segmentloom.optIn({ad_user_data: 'granted', ad_personalization: 'denied'})")
    page, early = receiver.wait_for_events("page", "Early")
    receiver.wait_for(lambda: len(receiver.accepted()) >= 5, "five events")
    pages = [event for event in receiver.accepted() if event["type"] == "page"]
    assert [event["properties"]["path"] for event in pages] == ["/first", "/second"]
    assert page["context"]["campaign"] == {"source": "news"}
    assert early["user_id"] == "u1"
    told = receiver.accepted()[-1]
    assert told["context"]["consent"] == {"ad_user_data": "granted", "ad_personalization": "denied"}
    visitor.open("/third", f"app.{visitor.host}")
    visitor.run("segmentloom.track('Later')")
    (later,) = receiver.wait_for_events("Later")
    assert later["context"]["consent"] == told["context"]["consent"]
    assert later["anonymous_id"] == early["anonymous_id"]


def test_held_events_are_gone_when_the_visitor_leaves_without_consent(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options["requireConsent"] = True
    leaves_no_trace(visitor, receiver, site, "no_consent")
    site.options["requireConsent"] = False
    control_arrives(visitor, receiver)


def test_consent_travels_on_an_event_of_its_own_and_on_all_that_follow(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "consent": {"ad_user_data": "denied"}}
    visitor.open()
    visitor.run("segmentloom.track('Before'); segmentloom.consent({ad_user_data: 'granted', email: true})")
    before, told = receiver.wait_for_events("Before", "identify")
    assert before["context"]["consent"] == {"ad_user_data": "denied"}
    assert told["context"]["consent"] == {"ad_user_data": "granted", "email": True}
    assert told["traits"] == {}
    visitor.open()
    visitor.run("segmentloom.consent({ad_personalization: false}); segmentloom.track('After')")
    (after,) = receiver.wait_for_events("After")
    assert after["context"]["consent"] == {
        "ad_user_data": "granted",
        "email": True,
        "ad_personalization": False,
    }


def test_who_opts_out_leaves_nothing_but_that_choice(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options |= {"autoPage": False, "flushMs": 60_000}
    visitor.open("/?gclid=abc")
    visitor.run("segmentloom.identify('u1')")
    visitor.flush()
    visitor.run("segmentloom.track('Dropped'); segmentloom.optOut(); segmentloom.track('Not recorded')")
    for host in (visitor.host, f"app.{visitor.host}"):
        visitor.open("/", host)
        visitor.run("segmentloom.track('Not recorded'); return segmentloom.flush()")
        assert visitor.run("return segmentloom.blocked()") == "opt_out"
        assert set(visitor.cookies()) == {"sgl_opt"}
        assert set(visitor.storage()) <= {"sgl_opt"}
    visitor.run("segmentloom.optIn(); segmentloom.track('Back')")
    visitor.flush()
    assert receiver.names() == ["identify", "Back"]
    before, back = receiver.accepted()
    assert back["anonymous_id"] != before["anonymous_id"]
    assert "user_id" not in back
    assert back["context"]["campaign"] == {}


def test_an_opt_out_in_one_tab_stops_the_others(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.options |= {"autoPage": False, "flushMs": 60_000}
    visitor.open()
    first = visitor.driver.current_window_handle
    visitor.run(IN_THE_BACKGROUND, "Waiting")
    visitor.driver.switch_to.new_window("tab")
    visitor.open()
    visitor.wait_for_storage(with_events=True)
    visitor.run("segmentloom.optOut()")
    visitor.driver.switch_to.window(first)
    visitor.run("segmentloom.track('Not recorded'); return segmentloom.flush()")
    assert set(visitor.storage()) == {"sgl_opt"}
    visitor.leave()
    control_arrives(visitor, receiver)
