"""Looks at a page as the accessibility checker does: in each light, on a desk and on a phone."""

from typing import Any

from playwright.sync_api import Page, expect

from browser.conftest import DESK, PHONE

NARROWEST = 320


def barriers(page: Page, axe: str) -> list[tuple[str, int, str, str]]:
    """List what keeps somebody out: light, width, rule and element."""
    page.evaluate(axe)
    met = []
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light)
        expect(page.locator("html")).to_have_attribute("data-theme", light)
        for size in (DESK, PHONE):
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
            found: Any = page.evaluate("() => axe.run()")
            assert found["passes"], "it did look"
            met += [
                (light, size["width"], each["id"], each["nodes"][0]["html"])
                for each in found["violations"]
            ]
    return met


def cut_off_at(page: Page) -> list[int]:
    """List the widths at which a page does not fit sideways."""
    met = []
    for width in (NARROWEST, PHONE["width"], 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("() => document.documentElement.scrollWidth") > width:
            met.append(width)
    return met
