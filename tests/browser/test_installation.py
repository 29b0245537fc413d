"""The ways to install the SDK: under a strict security policy, twice by mistake, as a module, on a server."""

from __future__ import annotations

import subprocess

import pytest

from tests.browser.installed import SDK
from tests.browser.receiver import KEY, Receiver
from tests.browser.site import Site
from tests.browser.visitor import Visitor


def test_a_strict_security_policy_is_enough(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.security_policy = (
        f"default-src 'none'; img-src data:; script-src 'self'; connect-src {site.options['host']}"
    )
    site.options["clicks"] = True
    broken = """
        window.broken = []
        addEventListener('securitypolicyviolation', event => broken.push(event.violatedDirective))
    """
    with visitor.before_each_page(broken):
        visitor.open()
        visitor.click("button")
        receiver.wait_for_events("page", "Element Clicked")
        visitor.run("segmentloom.track('Last')")
        assert visitor.run("return broken") == []
    visitor.leave()
    receiver.wait_for_events("Last")


@pytest.mark.slow
def test_a_policy_without_the_collector_is_not_a_loss(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    site.options["autoPage"] = False
    site.security_policy = "default-src 'none'; img-src data:; script-src 'self'"
    visitor.open()
    visitor.run("segmentloom.track('Kept')")
    visitor.flush()
    visitor.warnings()
    assert visitor.stored_events() == ["Kept"]
    site.security_policy = (
        f"default-src 'none'; img-src data:; script-src 'self'; connect-src {site.options['host']}"
    )
    visitor.open()
    receiver.wait_for_events("Kept")


def test_a_script_loaded_twice_counts_once(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    site.calls = """
        const again = document.createElement('script')
        again.src = '/segmentloom.js'
        document.head.append(again)
    """
    visitor.open()
    visitor.run("history.pushState({}, '', '/one'); segmentloom.track('End')")
    receiver.wait_for_events("End")
    visitor.flush()
    assert sorted(receiver.names()) == ["End", "page", "page"]


def test_the_module_does_the_same(visitor: Visitor, receiver: Receiver, site: Site) -> None:
    visitor.driver.get(visitor.address("/bare"))
    visitor.run(
        """
        const {init, track, flush} = await import('/index.js')
        init(arguments[0], arguments[1])
        track('From a module')
        await flush()
        """,
        KEY,
        site.options | {"autoPage": False},
    )
    assert receiver.names() == ["From a module"]


def test_each_event_may_be_changed_or_dropped_before_it_is_stored(
    visitor: Visitor, receiver: Receiver, site: Site
) -> None:
    visitor.driver.get(visitor.address("/bare?token=abc"))
    visitor.run(
        """
        const {init, track, flush} = await import('/index.js')
        const beforeSend = event => {
            if (event.event == 'Private') return null
            event.context.page.url = event.context.page.url.split('?')[0]
            return event
        }
        init(arguments[0], {...arguments[1], beforeSend})
        track('Private')
        track('Open')
        await flush()
        """,
        KEY,
        site.options | {"autoPage": False},
    )
    (event,) = receiver.accepted()
    assert event["event"] == "Open"
    assert event["context"]["page"]["url"] == visitor.address("/bare")


def test_on_a_server_every_call_does_nothing(receiver: Receiver) -> None:
    script = """
        import * as client from './dist/index.js'
        client.init('pk_1', {})
        for (const [name, call] of Object.entries(client)) if (name != 'init') await call('x', 'y')
        console.log(client.blocked())
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        cwd=SDK,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "not_started", "")
    assert receiver.arrivals() == []
