"""Recipients and their clients: registered, listed for everybody, revoked at once."""

import click

from hubbub.cli.deal import deal
from hubbub.cli.root import Asked, command
from hubbub.deal.recipients import Kind, scopes_of
from hubbub.record.deal_store_registry import RegistryStore
from hubbub.run.house import house_clock, open_deals
from hubbub.run.products import EVERY_DECLARATION


@deal.group()
def recipients() -> None:
    """Say who may read beside the own service, as far as people agree. Everybody sees the list."""


@command(recipients, "add")
@click.argument("key")
@click.option("--name", required=True, help="Who it is, as people are told.")
@click.option(
    "--kind",
    type=click.Choice(["group", "partner"]),
    required=True,
    help="Another product of your own group, or somebody else.",
)
def recipients_add(asked: Asked, key: str, name: str, kind: Kind) -> None:
    """Register a recipient. Nothing is read for it until a notice offers it and people agree."""
    added = _registry(asked).add(key, name=name, kind=kind)
    asked.answer(added, [f"{added.key} is registered; a notice that offers it comes next"])


@command(recipients, "list")
def recipients_list(asked: Asked) -> None:
    """List everybody who is or ever was registered, as everybody sees it."""
    cards = _registry(asked).cards()
    lines = [f"{card.key}: {card.name} ({card.kind}){_ended(card.revoked_at)}" for card in cards]
    asked.answer(cards, lines)


@command(recipients, "revoke")
@click.argument("key")
def recipients_revoke(asked: Asked, key: str) -> None:
    """Let nothing be read for a recipient any more, and end its clients. It cannot come back."""
    _registry(asked).revoke(key)
    asked.answer({"revoked": key}, [f"{key} is revoked: from the next read on, for ever"])


@deal.group()
def clients() -> None:
    """Give partners' programs what was released, in bulk. Nothing about a person leaves to them."""


@command(clients, "add")
@click.argument("recipient")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="PRODUCT:PURPOSE",
    help="What it may fetch; may be repeated.",
)
@click.option(
    "--per-minute",
    type=click.IntRange(1, 60_000),
    default=600,
    show_default=True,
    help="How often it may ask.",
)
def clients_add(asked: Asked, recipient: str, scopes: tuple[str, ...], per_minute: int) -> None:
    """Register a client of a recipient: its token is shown this once."""
    purpose_of = {each.name: each.purpose.key for each in EVERY_DECLARATION}
    client, token = _registry(asked).add_client(
        recipient, scopes_of(scopes, purpose_of), requests_a_minute=per_minute
    )
    told = {"client": client, "token": token.secret}
    lines = [f"client {client.number} of {client.recipient}", f"token (once): {token.secret}"]
    asked.answer(told, lines)


@command(clients, "list")
def clients_list(asked: Asked) -> None:
    """List the clients that there are or were, without their tokens."""
    there = _registry(asked).clients()
    lines = [
        f"{each.number} of {each.recipient}: {', '.join(':'.join(scope) for scope in each.scopes)},"
        f" {each.requests_a_minute} a minute{_ended(each.revoked_at)}"
        for each in there
    ]
    asked.answer(there, lines or ["no client yet"])


@command(clients, "revoke")
@click.argument("number", type=int)
def clients_revoke(asked: Asked, number: int) -> None:
    """End a client: its next request is refused."""
    _registry(asked).revoke_client(number)
    asked.answer({"revoked": number}, [f"client {number} is revoked"])


def _registry(asked: Asked) -> RegistryStore:
    return open_deals(asked.home, asked.settings, house_clock(asked.settings)).registry


def _ended(revoked_at: str | None) -> str:
    return "" if revoked_at is None else f", revoked {revoked_at}"
