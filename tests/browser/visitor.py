"""A person with a browser: real Chromium, driven over WebDriver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.browser.installed import chromium

PERSON = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * 127.0.0.1",  # every name is this machine
)
UNSEEN_AUTOMATION = (f"--user-agent={PERSON}", "--disable-blink-features=AutomationControlled")


def start_chromium(
    folder: Path, *, is_seen_as_bot: bool = False, preferences: Mapping[str, Any] | None = None
) -> webdriver.Chrome:
    """A browser with a new profile in `folder`, to be ended with `quit`."""
    programs = chromium()
    options = webdriver.ChromeOptions()
    options.binary_location = programs.browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.add_experimental_option("prefs", dict(preferences or {}))
    for argument in (
        *ARGUMENTS,
        *(() if is_seen_as_bot else UNSEEN_AUTOMATION),
        f"--user-data-dir={folder}",
    ):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service(programs.driver))


def console(driver: webdriver.Chrome) -> list[dict[str, str]]:
    """What has appeared on the console since the last look: `message`, `level`, `source`."""
    lines: list[dict[str, str]] = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return lines


class Visitor:
    """A tab of a browser on a site of its own: other tests' cookies and storage are other sites'.

    Attributes:
        driver: for what is not here.
        host: the site's name; each visitor has one that no other has.
    """

    def __init__(self, driver: webdriver.Chrome, host: str, port: int) -> None:
        self.driver = driver
        self.host = host
        self._port = port
        driver.switch_to.new_window("tab")

    def address(self, path: str = "/", host: str | None = None) -> str:
        """Where a page is, by default of the visitor's site."""
        return f"http://{host or self.host}:{self._port}{path}"

    def open(self, path: str = "/", host: str | None = None) -> None:
        """Goes to a page and waits until the SDK has taken over from the snippet."""
        self.driver.get(self.address(path, host))
        self.run(
            "return new Promise(done => {"
            " const look = () => segmentloom.blocked ? done() : setTimeout(look, 5); look() })"
        )

    def leave(self) -> None:
        """Goes to an empty page of another site."""
        self.driver.get("about:blank")

    def run(self, script: str, *given: Any) -> Any:
        """What JavaScript in the page returns, a promise's value once it is there."""
        return self.driver.execute_script(script, *given)

    def flush(self) -> None:
        """Sends what waits, as far as it may."""
        self.run("return segmentloom.flush()")

    def click(self, element: str) -> None:
        """Clicks on the element with this id."""
        self.driver.find_element(By.ID, element).click()

    def warnings(self) -> list[str]:
        """What the page's console has been warned of since the last look."""
        return [line["message"] for line in console(self.driver) if line["level"] == "WARNING"]

    def storage(self) -> dict[str, str]:
        """All of the page's localStorage and sessionStorage."""
        found: dict[str, str] = self.run("return {...localStorage, ...sessionStorage}")
        return found

    def stored_events(self) -> list[str]:
        """The names of the events that wait in localStorage."""
        script = """
            return Object.keys(localStorage).filter(key => key.startsWith('sgl_q'))
                .flatMap(key => localStorage[key].split('\\n').slice(1).map(line => JSON.parse(line)))
                .map(event => event.event || event.type)
        """
        found: list[str] = self.run(script)
        return found

    def wait_for_storage(self, *, with_events: bool) -> None:
        """Waits until some or no events wait in localStorage; other tabs are seen after a moment."""
        script = """
            const hasEvents = () => Object.keys(localStorage).some(key => key.startsWith('sgl_q'))
            return new Promise(done => {
                const look = () => hasEvents() == arguments[0] ? done() : setTimeout(look, 5)
                look()
            })
        """
        self.run(script, with_events)

    def cookies(self) -> dict[str, str]:
        """The page's cookies, by name the domain that each is for."""
        return {cookie["name"]: cookie["domain"] for cookie in self.driver.get_cookies()}

    @contextmanager
    def before_each_page(self, script: str) -> Iterator[None]:
        """Runs JavaScript in each new page before the page's own."""
        added = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        yield
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Without a network; the browser knows."""
        self.driver.set_network_conditions(offline=True, latency=0, throughput=0)
        yield
        self.driver.delete_network_conditions()
