"""The pages: what they tell the browser, and that nothing in them is from elsewhere."""

import re
from pathlib import Path

import pytest

from hubbub.outlet.pages import CHAT, PAGES, STATIC, PagesNotBuilt, page_routes
from outlet.fake_house import Caller, House
from outlet.fake_messenger import FakeMessenger


@pytest.mark.parametrize("path", PAGES)
def test_a_page_lets_the_browser_load_from_this_origin_only(caller: Caller, path: str) -> None:
    answer = caller.get(path)

    policy = answer.headers["content-security-policy"]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy.replace(FakeMessenger.url, "")
    assert "unsafe" not in policy.replace("'wasm-unsafe-eval'", "")
    assert ("wasm" in policy) is (path == CHAT)
    assert ("microphone=(self)" in answer.headers["permissions-policy"]) is (path == CHAT)


def test_the_chat_and_no_other_page_may_ask_the_homeserver(caller: Caller) -> None:
    policies = {path: caller.get(path).headers["content-security-policy"] for path in PAGES}
    assert {path for path, policy in policies.items() if FakeMessenger.url in policy} == {CHAT}
    assert f"connect-src 'self' {FakeMessenger.url};" in policies[CHAT]


def test_without_a_messenger_the_chat_asks_nobody_either(house: House) -> None:
    house.messenger = None
    policy = Caller(house).get(CHAT).headers["content-security-policy"]
    assert "connect-src 'self';" in policy


@pytest.mark.parametrize("path", PAGES)
def test_all_that_a_page_loads_is_here(caller: Caller, path: str) -> None:
    html = caller.get(path).text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)

    assert any(each.startswith("/assets/") for each in loaded)
    assert all(caller.get(each).status_code == 200 for each in loaded)


def test_assets_are_kept_for_ever_and_pages_are_asked_for_again(caller: Caller) -> None:
    html = caller.get("/").text
    asset = re.findall(r'src="(/assets/[^"]+)"', html)[0]

    assert "immutable" in caller.get(asset).headers["cache-control"]
    assert caller.get("/").headers["cache-control"] == "no-cache"


def test_an_unchanged_page_costs_no_body(caller: Caller) -> None:
    first = caller.get("/")
    again = caller.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/assets/../built-from.txt", "/built-from.txt", "/assets/%2e%2e/app.py", "/index.html"]
)
def test_nothing_but_pages_and_assets_is_served(caller: Caller, path: str) -> None:
    assert caller.get(path).status_code == 404


def test_only_the_map_page_loads_the_map_library(caller: Caller) -> None:
    library_bytes = 500_000
    sizes = {
        path: sum(
            len(caller.get(each).content) for each in re.findall(r'"(/assets/[^"]+js)"', page)
        )
        for path in PAGES
        if (page := caller.get(path).text)
    }
    assert sizes.pop("/") > library_bytes
    assert max(sizes.values()) < library_bytes / 4


def test_pages_that_were_not_built_are_said_to_be_missing(tmp_path: Path) -> None:
    assert page_routes(STATIC)
    with pytest.raises(PagesNotBuilt, match="install"):
        page_routes(tmp_path)
