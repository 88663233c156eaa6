"""Deals with devices, and what is a person's: made, shown, taken back, exported, erased."""

import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from hubbub.cli.root import FAILED, Asked, Shown, command, hubbub
from hubbub.deal.desk import AgeBand, DealDesk, DeviceName, Wish
from hubbub.deal.documents import read_document, verify_document
from hubbub.deal.receipt import Receipt
from hubbub.deal.wish import read_cell
from hubbub.outlet.set_up import set_up
from hubbub.run.audit import SHARE, audit
from hubbub.run.erase import erase
from hubbub.run.house import house_clock, open_deals
from hubbub.run.me import export_own
from hubbub.run.notices import checked_file, told_here
from hubbub.terms.errors import BadInput
from hubbub.terms.purposes import PURPOSES, LiveTraffic, Traffic
from hubbub.terms.time import iso

_USUAL: Final = f"{Traffic.key},{LiveTraffic.key}"
_CELLS: Final = click.option(
    "--cells", metavar="CATEGORY:PURPOSE[:RECIPIENT],…", help="These switches, each by itself."
)


@hubbub.group()
def deal() -> None:
    """Make deals with devices, and take them back."""


@command(deal, "enrol")
@click.option("--device", required=True, help="A name for the device.")
@click.option(
    "--purposes",
    help=f"What its rows may be used for [default without --cells: {_USUAL}].",
)
@_CELLS
@click.option(
    "--age-band",
    type=click.Choice([band.value for band in AgeBand]),
    help="What the device's person is by the law that the notice names [default: adult].",
)
@click.option("--renew", is_flag=True, help="The device is known: give it a new token and deal.")
def deal_enrol(
    asked: Asked,
    device: str,
    purposes: str | None,
    cells: str | None,
    age_band: str | None,
    renew: bool,  # noqa: FBT001
) -> None:
    """Make a deal with a device: its token, its receipt, and links that set up its app."""
    desk, chosen = _desk(asked), _wish(purposes or ("" if cells else _USUAL), cells)
    age = None if age_band is None else AgeBand(age_band)
    if renew:
        enrolment = desk.renew(DeviceName(device), chosen, "operator", age=age)
    else:
        enrolment = desk.enrol(device, chosen, "operator", age=age or AgeBand.ADULT)
    server = asked.settings.server
    ways = set_up(enrolment, origin=f"http://{server.host}:{server.port}")
    told = {
        "device": device,
        "token": enrolment.token.secret,
        "receipt": msgspec.Raw(enrolment.receipt.document()),
        "links": {way.app: way.link for way in ways if way.link},
    }
    lines = [f"{device} shares for: {'; '.join(_on(enrolment.receipt))}"]
    lines += [f"token (shown this once): {enrolment.token.secret}"]
    lines += [f"{way.app}: {way.link}" for way in ways if way.link]
    asked.answer(told, lines)


@command(deal, "choose")
@click.option("--device", required=True)
@click.option("--purposes", help="These purposes.")
@_CELLS
def deal_choose(asked: Asked, device: str, purposes: str | None, cells: str | None) -> None:
    """Say yes to more, beside what was agreed to. The device keeps its token."""
    chosen = _wish(purposes or "", cells)
    receipt = _desk(asked).choose(DeviceName(device), chosen, "operator")
    lines = [f"{device} shares for: {'; '.join(_on(receipt))}"]
    asked.answer(msgspec.Raw(receipt.document()), lines)


@command(deal, "withdraw")
@click.option("--device", required=True)
@click.option("--purposes", help="Only these [default: everything].")
@_CELLS
def deal_withdraw(asked: Asked, device: str, purposes: str | None, cells: str | None) -> None:
    """Take a deal back, whole or in part. It holds from the next read on."""
    chosen = None if purposes is None and cells is None else _wish(purposes or "", cells)
    receipt = _desk(asked).withdraw(DeviceName(device), chosen, "operator")
    asked.answer(msgspec.Raw(receipt.document()), [f"{device}: withdrawn; receipt kept"])


@command(deal, "pause")
@click.option("--device", required=True)
def deal_pause(asked: Asked, device: str) -> None:
    """Pause a deal: nothing of it is read and nothing is taken from now on; nothing is deleted."""
    since = iso(_desk(asked).pause(DeviceName(device), "operator"))
    asked.answer({"device": device, "paused_since": since}, [f"{device}: paused since {since}"])


@command(deal, "resume")
@click.option("--device", required=True)
def deal_resume(asked: Asked, device: str) -> None:
    """Let a deal that is paused go on: what rests of it is read again, and more is taken."""
    _desk(asked).resume(DeviceName(device), "operator")
    asked.answer({"device": device, "paused_since": None}, [f"{device}: goes on"])


@command(deal, "audit")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=SHARE,
    show_default=True,
    help="How much of all rows to look at.",
)
def deal_audit(asked: Asked, share: float) -> None:
    """Hold what may be read against the history of the receipts. Ends with 1 if they disagree."""
    found = audit(asked.home, share=share)
    seen = f"{found.rows} rows, {found.verdicts} verdicts: {found.readable} may be read, "
    seen += f"{found.narrowed} were narrowed by a signal, {found.undecided} are near a change"
    lines = [seen, found.trouble or "what may be read is what was agreed to"]
    asked.answer(found, lines)
    if found.trouble:
        sys.exit(FAILED)


@command(deal, "verify")
@click.argument("file", type=Shown())
@click.option("--key", metavar="HEX", help="The operator's public key [default: this house's].")
def deal_verify(asked: Asked, file: Path, key: str | None) -> None:
    """Check a receipt, or the certificate of an erasure: who signed it, and that it is whole."""
    if not file.is_file():
        raise BadInput(f"{file}: no such file")
    document = read_document(file.read_bytes())
    verify_document(document, _public_key(asked, key))
    told = {"kind": document.type, "verified": True}
    asked.answer(told, [f"{document.type}: whole, and signed with this operator's key"])


@command(deal, "check")
@click.argument("file", type=Shown(), required=False)
def deal_check(asked: Asked, file: Path | None) -> None:
    """Tell all that a notice lacks, and where it contradicts itself; without FILE, this house's."""
    if file is None:
        text = told_here(asked.home, asked.settings).text
    else:
        text = checked_file(file, asked.settings)
    cells = sum(len(use.categories) * len(use.recipients) for use in text.uses)
    told = {"title": text.title, "uses": len(text.uses), "cells": cells, "whole": True}
    asked.answer(told, [f"{text.title}: whole; {len(text.uses)} uses, {cells} switches"])


@hubbub.group()
def me() -> None:
    """Give a person what is theirs."""


@command(me, "export")
@click.option("--device", required=True, help="Whose.")
@click.option("--out", type=Shown(), required=True, help="A new folder, to hand to the person.")
def me_export(asked: Asked, device: str, out: Path) -> None:
    """Write everything that is kept of a device, readable without hubbub, for its person."""
    wrote = export_own(asked.home, device, out)
    asked.answer(wrote, [f"{out}: {wrote.pings} pings, {wrote.receipts} receipts"])


@command(hubbub, "erase")
@click.option("--device", required=True, help="Whose every byte goes.")
@click.option("--out", type=Shown(), help="File for the certificate, to hand to the person.")
@click.option("--yes", is_flag=True, help="Do not ask: there is no way back.")
def erase_command(asked: Asked, device: str, out: Path | None, yes: bool) -> None:  # noqa: FBT001
    """Erase everything about a device, search every file for it, and certify that it is gone."""
    if not yes:
        click.confirm(f"Erase everything about {device}? There is no way back", abort=True)
    certificate = erase(asked.home, device, method="operator")
    if out is not None:
        out.write_bytes(certificate.document())
    found = f"{certificate.rows_erased} rows, {certificate.receipts_erased} receipts"
    where = f"{certificate.files_searched} files, {certificate.bytes_searched:,} bytes"
    lines = [
        f"erased: {found}",
        f"searched {where} for {', '.join(certificate.searched_for)}: nothing is left",
        "everybody else's rows are as they were",
    ]
    asked.answer(msgspec.Raw(certificate.document()), lines)


@command(deal, "notice")
def deal_notice(asked: Asked) -> None:
    """Show the notice in force."""
    notice = _desk(asked).notice()
    lines = [f"notice {notice.version}, {notice.region.region}, sha256 {notice.sha256}"]
    lines += [f"{use.purpose}: {use.words}" for use in notice.uses]
    asked.answer(notice, lines)


@command(deal, "status")
def deal_status(asked: Asked) -> None:
    """Count deals and refused rows, naming nobody."""
    status = _desk(asked).status()
    lines = [
        f"{status.devices} devices, {status.withdrawn} of them withdrawn, {status.paused} paused"
    ]
    lines += [f"{key}: {count} devices" for key, count in status.devices_by_purpose.items()]
    lines += [
        f"{day}: {rows} rows refused: {reason}"
        for day, reasons in status.refused.items()
        for reason, rows in reasons.items()
    ]
    asked.answer(status, lines)


def _desk(asked: Asked) -> DealDesk:
    deals = open_deals(asked.home, asked.settings, house_clock(asked.settings))
    click.get_current_context().call_on_close(deals.close)
    return deals


def _public_key(asked: Asked, key: str | None) -> bytes:
    if key is None and not asked.home.deal.exists():
        raise BadInput(f"{asked.home.folder} has no deal: name the operator's key with --key")
    try:
        return _desk(asked).public_key() if key is None else bytes.fromhex(key)
    except ValueError:
        raise BadInput("--key: expected 64 hexadecimal digits") from None


def _wish(purposes: str, cells: str | None) -> Wish:
    keys = [key.strip() for key in purposes.split(",") if key.strip()]
    for key in keys:
        if key not in PURPOSES:
            raise BadInput(f"{key!r} is no purpose; there are {', '.join(PURPOSES)}")
    named = {read_cell(cell.strip()) for cell in (cells or "").split(",") if cell.strip()}
    return frozenset({PURPOSES[key] for key in keys} | named)


def _on(receipt: Receipt) -> list[str]:
    return sorted(cell.words for cell in receipt.cells())
