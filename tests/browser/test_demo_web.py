"""`make demo-web`: what somebody clicks in the demo's shop is in a profile."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from selenium.webdriver.common.by import By

from tests.browser.installed import SDK
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.slow


def test_clicks_in_the_shop_are_in_a_profile(visitor: Visitor) -> None:
    with subprocess.Popen(
        [sys.executable, str(SDK / "demo" / "serve.py"), "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stdout is not None
        found = re.search(r"http://localhost:\d+", demo.stdout.readline())
        assert found
        visitor.driver.get(found[0])
        visitor.driver.find_element(By.CSS_SELECTOR, "[data-tea=Sencha]").click()
        visitor.driver.find_element(By.LINK_TEXT, "Delivery and prices").click()
        visitor.driver.find_element(By.CSS_SELECTOR, "#login button").click()
        visitor.flush()
        visitor.wait_for_storage(with_events=False)
        printed, _ = demo.communicate("\n", timeout=300)
    assert "customer-ann" in printed
    assert "ann@example.com" in printed
