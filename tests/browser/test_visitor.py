"""Who is who in the browser: one id for all pages and subdomains, sessions, campaigns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.receiver import Receiver
from tests.browser.site import Site
from tests.browser.visitor import Visitor, start_chromium


def seen(visitor: Visitor, receiver: Receiver, name: str) -> dict[str, object]:
    """Tracks an event on the open page and gives it as it arrived."""
    visitor.run("segmentloom.track(arguments[0])", name)
    (event,) = receiver.wait_for_events(name)
    return event


def test_subdomains_share_the_visitor_and_the_session(visitor: Visitor, receiver: Receiver) -> None:
    domain = visitor.host
    visitor.open("/", f"www.{domain}")
    visitor.run("segmentloom.identify('u1')")
    first = seen(visitor, receiver, "On www")
    visitor.open("/", f"checkout.app.{domain}")
    second = seen(visitor, receiver, "On app")
    assert visitor.cookies() == dict.fromkeys(("sgl_aid", "sgl_uid", "sgl_ses"), f".{domain}")
    for name in ("anonymous_id", "user_id"):
        assert first[name] == second[name]
    assert first["context"]["session"] == second["context"]["session"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.shop{n}.co.uk", ".shop{n}.co.uk"),
        pytest.param("shop{n}.github.io", "shop{n}.github.io", marks=pytest.mark.slow),
        pytest.param("www.shop{n}.test", ".shop{n}.test", marks=pytest.mark.slow),
        pytest.param("shop{n}", "shop{n}", marks=pytest.mark.slow),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_cookies_go_on_the_widest_domain_that_is_one_owners(
    visitor: Visitor, receiver: Receiver, host: str, domain: str
) -> None:
    number = os.getpid()
    visitor.open("/", host.format(n=number))
    event = seen(visitor, receiver, "Here")
    if host != "127.0.0.1":
        assert not visitor.run("return isSecureContext")  # so that ids are made without crypto.randomUUID
    found = visitor.cookies()
    assert set(found) == {"sgl_aid", "sgl_ses"}
    assert {name.lstrip(".") for name in found.values()} == {domain.format(n=number).lstrip(".")}
    visitor.open("/again", host.format(n=number))
    assert visitor.run("return segmentloom.anonymousId()") == event["anonymous_id"]


def test_a_site_may_keep_its_cookies_to_one_subdomain(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options["cookieDomain"] = ""
    domain = visitor.host
    visitor.open("/", f"one.{domain}")
    first = seen(visitor, receiver, "On one")
    assert set(visitor.cookies().values()) == {f"one.{domain}"}
    visitor.open("/", f"two.{domain}")
    assert seen(visitor, receiver, "On two")["anonymous_id"] != first["anonymous_id"]


def test_the_id_survives_the_loss_of_cookies_or_of_storage(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open()
    first = seen(visitor, receiver, "First")["anonymous_id"]
    visitor.driver.delete_all_cookies()
    visitor.open()
    assert seen(visitor, receiver, "Without cookies")["anonymous_id"] == first
    assert "sgl_aid" in visitor.cookies()
    visitor.run("localStorage.clear()")
    visitor.open()
    assert seen(visitor, receiver, "Without storage")["anonymous_id"] == first
    assert visitor.storage()["sgl_aid"] == first


def test_another_person_on_the_device_is_another_visitor(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open()
    visitor.run("segmentloom.identify('u1')")
    one = seen(visitor, receiver, "One")
    visitor.run("segmentloom.identify('u1', {plan: 'free'})")
    assert seen(visitor, receiver, "Still one")["anonymous_id"] == one["anonymous_id"]
    visitor.run("segmentloom.identify(2)")
    two = seen(visitor, receiver, "Two")
    assert (one["user_id"], two["user_id"]) == ("u1", "2")
    assert two["anonymous_id"] != one["anonymous_id"]
    visitor.run("segmentloom.reset()")
    nobody = seen(visitor, receiver, "Nobody")
    assert "user_id" not in nobody
    assert nobody["anonymous_id"] not in (one["anonymous_id"], two["anonymous_id"])
    assert nobody["context"]["session"] != two["context"]["session"]  # type: ignore[index]


def test_a_session_lasts_until_a_pause(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    visitor.open("/one")
    first = seen(visitor, receiver, "First")["context"]["session"]  # type: ignore[index]
    visitor.open("/two")
    assert seen(visitor, receiver, "Second")["context"]["session"] == first  # type: ignore[index]
    half_an_hour_ago = """
        const [begun, last] = localStorage.sgl_ses.split('.')
        const earlier = (begun - 1.8e6) + '.' + (last - 1.8e6)
        localStorage.sgl_ses = earlier
        document.cookie = 'sgl_ses=' + earlier + ';path=/;domain=' + location.hostname
    """
    visitor.run(half_an_hour_ago)
    third = seen(visitor, receiver, "Third")["context"]["session"]  # type: ignore[index]
    assert third != first
    site.options["sessionMinutes"] = 31
    visitor.open("/three")
    visitor.run(half_an_hour_ago)
    assert seen(visitor, receiver, "Fourth")["context"]["session"]["id"] == str(int(third["id"]) - 1_800_000)  # type: ignore[index]


def test_a_campaign_is_kept_until_the_next_one(visitor: Visitor, receiver: Receiver) -> None:
    landed = {"source": "news", "medium": "mail", "name": "spring", "term": "a b", "gclid": "x-1"}
    visitor.open("/?utm_source=news&utm_medium=mail&utm_campaign=spring&utm_term=a+b&gclid=x-1&other=1")
    assert seen(visitor, receiver, "Landed")["context"]["campaign"] == landed  # type: ignore[index]
    visitor.open("/later?q=1")
    assert seen(visitor, receiver, "Later")["context"]["campaign"] == landed  # type: ignore[index]
    visitor.open("/?fbclid=y")
    assert seen(visitor, receiver, "Anew")["context"]["campaign"] == {"fbclid": "y"}  # type: ignore[index]


@pytest.mark.slow
def test_without_cookies_and_storage_a_page_view_keeps_one_id(
    tmp_path: Path, receiver: Receiver, site: Site
) -> None:
    driver = start_chromium(
        tmp_path / "profile", preferences={"profile.default_content_setting_values.cookies": 2}
    )
    try:
        visitor = Visitor(driver, "nothing-stored.localhost", site.port)
        visitor.open()
        with pytest.raises(Exception, match="denied"):
            visitor.storage()
        one, two = seen(visitor, receiver, "One"), seen(visitor, receiver, "Two")
        assert one["anonymous_id"] == two["anonymous_id"]
        assert visitor.cookies() == {}
    finally:
        driver.quit()


def test_what_others_have_damaged_counts_as_absent(visitor: Visitor, receiver: Receiver) -> None:
    visitor.open("/")
    first = seen(visitor, receiver, "Before")
    visitor.run(
        """
        document.cookie.match(/sgl_\\w+/g).forEach(name => { document.cookie = name + '=%E0%A4%A;path=/' })
        document.cookie = 'sgl_con=%7Bads;path=/'
        localStorage.sgl_utm = '{'
        """
    )
    visitor.open("/again")
    second = seen(visitor, receiver, "After")
    assert second["anonymous_id"]
    assert second["context"]["campaign"] == first["context"]["campaign"] == {}  # type: ignore[index]
    visitor.run("segmentloom.consent({ads: true})")
    third = seen(visitor, receiver, "Consented")
    assert third["context"]["consent"] == {"ads": True}  # type: ignore[index]
