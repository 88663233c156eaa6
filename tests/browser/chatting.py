"""People who write to each other: each in a browser of their own, in a house with a messenger."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from browser.conftest import PHONE

PASSWORD = "a long password"
NO_FAULT = ("status of 401", "status of 404", "net::ERR_FAILED")
"""A step of signing up that is left, something not there yet, a net that a test took away."""


@dataclass
class Person:
    """Somebody with the chat open, and a recovery key."""

    name: str
    page: Page
    recovery_key: str = ""

    @property
    def user_name(self) -> str:
        return self.name.lower().replace(" ", ".")

    @property
    def messages(self) -> Locator:
        return self.page.get_by_role("log", name="Messages")

    def sees(self, words: str) -> Locator:
        """Wait until a message with these words is there."""
        found = self.messages.locator("li", has_text=words).last
        expect(found).to_be_visible()
        return found

    def says(self, words: str) -> None:
        self.page.get_by_label("Message", exact=True).fill(words)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def encloses(self, file: str, caption: str = "") -> None:
        self.page.locator("input[type=file]").set_input_files(file)
        sheet = self.page.get_by_role("dialog")
        sheet.get_by_label("Say something about it").fill(caption)
        sheet.get_by_role("button", name="Send").click()

    def begins_with(self, other: "Person") -> None:
        """Look for somebody by the user name, and open a chat."""
        self.page.get_by_role("button", name="New chat").click()
        self.page.get_by_label("Who").fill(other.user_name)
        self.page.get_by_role("button", name=re.compile(other.user_name)).click()
        expect(self.page.get_by_role("heading", name=other.name)).to_be_visible()

    def accepts(self, name: str) -> None:
        self.page.get_by_role("button", name=f"Accept {name}").click()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def asks_about(self, message: Locator) -> Locator:
        """Open what can be done with a message."""
        message.get_by_role("button", name="More about this message").focus()
        self.page.keyboard.press("Enter")
        return self.page.get_by_role("dialog")


@contextmanager
def people(browser: Browser, chat: str) -> Iterator[Callable[..., Page]]:
    """Give browsers at the `chat` that share nothing; an error in any of them fails the test."""
    errors: list[str] = []
    contexts: list[BrowserContext] = []

    def another(address: str = chat, *, size: dict[str, int] = PHONE) -> Page:
        context = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: _note(errors, said.type, said.text))
        page.goto(address)
        return page

    yield another
    for context in contexts:
        context.close()
    assert errors == [], "\n".join(errors)


def signed_up(page: Page, name: str) -> Person:
    """Come to a house that is open, and sign up."""
    page.get_by_role("button", name="Sign up").click()
    return signs_up(page, name)


def signs_up(page: Page, name: str) -> Person:
    """Sign up as a person does, and keep the recovery key."""
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).first.click()
    groups = page.get_by_label("Recovery key").locator("span")
    expect(groups).to_have_count(12)
    key = " ".join(groups.all_inner_texts())
    page.get_by_label("I have put it where I will find it").check()
    page.get_by_role("button", name="Go to my chats").click()
    expect(page.locator(".chat")).to_be_visible()
    return Person(name, page, key)


def signs_in(page: Page, person: Person) -> None:
    """Sign somebody in on one more device."""
    page.get_by_label("User name").fill(person.user_name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _note(errors: list[str], kind: str, text: str) -> None:
    if kind == "error" and not any(each in text for each in NO_FAULT):
        errors.append(text)
