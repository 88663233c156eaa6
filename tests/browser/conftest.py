"""A browser, a house that it looks at, and pages of every width and light."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser.served import Doorstep, MappedHouse, free_port, serving
from hubbub.outlet.app import outlet_app

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
SOUND = (
    "--use-fake-device-for-media-stream=device-count=2",
    "--autoplay-policy=no-user-gesture-required",
)
WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
expect.set_options(timeout=15_000)  # where others are at work as well
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1000, "height": 640}


@pytest.fixture(scope="module")
def start_browser(
    browser_file: Path, browser_flags: tuple[str, ...]
) -> Iterator[Callable[[], Browser]]:
    """Start browsers; maps are drawn by the processor, so that no graphics card is needed."""
    flags = [flag for flag in browser_flags if not flag.startswith(("--headless", "--disable-gpu"))]
    with sync_playwright() as playwright:
        chromium = playwright.chromium
        all_flags = [*flags, *WEBGL, *SOUND]
        yield lambda: chromium.launch(executable_path=str(browser_file), args=all_flags)


@pytest.fixture(scope="module")
def browser(start_browser: Callable[[], Browser]) -> Iterator[Browser]:
    """Start a browser."""
    started = start_browser()
    yield started
    started.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """Give the accessibility checker; without it the test is skipped, and fails in CI."""
    if not AXE.exists():
        reason = "no axe-core: `npm ci` in web/ brings it"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return AXE.read_text()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[MappedHouse]:
    """Give a house with a map and nothing released."""
    made = MappedHouse(tmp_path)
    made.origin = f"http://localhost:{free_port()}"  # a name, and not a number: passkeys want one
    deals = made.deals  # opened here, once: a browser asks from several threads at a time
    yield made
    deals.close()


@pytest.fixture
def doorstep(house: MappedHouse) -> Doorstep:
    """Give what stands before the house."""
    return Doorstep(outlet_app(house))


@pytest.fixture
def origin(house: MappedHouse, doorstep: Doorstep) -> Iterator[str]:
    """Serve the house; give its address."""
    with serving(doorstep, urlsplit(house.origin).port or 0) as address:
        yield address


type Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, origin: str) -> Iterator[Open]:
    """Open pages of the house; one with an error in it, or that asks others, fails the test."""
    errors: list[str] = []
    asked: set[str] = set()
    contexts = []

    def opened(path: str = "/", *, size: dict[str, int] = DESK, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        page.goto(f"{origin}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []
    assert asked - {"", urlsplit(origin).netloc} == set()  # blob: and data: have no host
