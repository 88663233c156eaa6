"""Leaving: the archive, the erasure, and the certificate that outlives the account."""

import io
import json
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest

from hubbub.deal.certificate import ErasureCertificate
from hubbub.deal.desk import Token, UnknownDevice
from hubbub.deal.documents import read_document, verify_document
from hubbub.deal.identity import FRESH_US, Secret
from hubbub.deal.reads import ReadOfMine
from hubbub.outlet.recognising import COOKIE
from hubbub.terms.time import SECOND, Instant
from outlet.fake_house import Caller, House
from outlet.test_deal import bearer, enrolled
from outlet.test_me import ping
from outlet.test_session import later, signed_in

SURE = {"sure": True}


def test_the_archive_has_all_that_is_kept_and_reads_without_hubbub(
    house: House, caller: Caller
) -> None:
    token = enrolled(caller, "anns phone")["token"]
    subject = house.deals.badge_of(Token(token)).subject
    house.given = [*(ping(subject, at=n) for n in range(25_000)), ping(subject + 1)]
    read = ReadOfMine(
        category="user.location.precise",
        purpose="public.traffic",
        recipient="own",
        at=Instant(0),
        last_at=Instant(SECOND),
        times=3,
    )
    house.read_of[subject] = [read, read]
    caller.ask("DELETE", "/v1/deal/enrolments/current", headers=bearer(token))
    answer = caller.get("/v1/me/export", headers=bearer(token))
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="hubbub-my-data.zip"'
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        lines = archive.read("pings.ndjson").splitlines()
        rows = pq.read_table(io.BytesIO(archive.read("pings.parquet")))
        receipts = [archive.read(f"receipts/{number:04}.json") for number in (1, 2)]
        account = json.loads(archive.read("account.json"))
        reads = [json.loads(line) for line in archive.read("reads.ndjson").splitlines()]
        assert "anns phone" in archive.read("README.txt").decode()
    assert (len(lines), rows.num_rows) == (25_000, 25_000)
    assert {json.loads(line)["device"] for line in lines} == {"anns phone"}
    assert account == {"device": "anns phone", "age_band": "adult", "passkeys": []}
    assert [(each["purpose"], each["times"]) for each in reads] == [("public.traffic", 3)] * 2
    for receipt in receipts:
        verify_document(read_document(receipt), house.deals.public_key())


@pytest.mark.parametrize(("method", "path"), [("GET", "export"), ("POST", "erasure")])
def test_what_takes_all_or_ends_all_wants_somebody_who_signed_in_lately(
    house: House, caller: Caller, method: str, path: str
) -> None:
    ann = signed_in(caller, enrolled(caller)["token"])
    later(house, FRESH_US)
    answer = caller.ask(method, f"/v1/me/{path}", headers=ann, json=SURE)
    assert answer.json()["type"] == "urn:hubbub:problem:not-fresh"
    assert house.deals.erasures.pending() == []


def test_who_is_erased_is_a_stranger_and_keeps_the_way_to_the_certificate(
    house: House, caller: Caller
) -> None:
    token = enrolled(caller)["token"]
    subject = house.deals.badge_of(Token(token)).subject
    ann = signed_in(caller, token)
    answer = caller.ask("POST", "/v1/me/erasure", headers=ann, json=SURE)
    assert answer.status_code == 202
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert COOKIE not in answer.cookies
    for shown in (ann, bearer(token)):
        assert caller.get("/v1/me/session", headers=shown).status_code == 401

    secret = bearer(answer.json()["secret"])
    waiting = caller.get("/v1/erasure", headers=secret).json()
    assert (waiting["state"], waiting["certificate"]) == ("waiting", None)
    assert caller.get("/v1/erasure/certificate", headers=secret).status_code == 404

    certificate = certified(house, subject)
    done = caller.get("/v1/erasure", headers=secret).json()
    assert (done["state"], done["certificate"]) == ("done", json.loads(certificate))
    file = caller.get("/v1/erasure/certificate", headers=secret)
    assert file.content == certificate
    assert file.headers["content-disposition"].startswith("attachment")
    verify_document(read_document(file.content), house.deals.public_key())


def certified(house: House, subject: int) -> bytes:
    """Do what the keeper does when nothing is left of somebody."""
    (erasure,) = house.deals.erasures.pending()
    assert erasure.subject == subject
    house.deals.erasures.note(erasure.subject, rows=0)
    house.deals.erasures.forget(erasure.subject)
    unsigned = ErasureCertificate(
        about=erasure.about,
        operator="the operator",
        requested_at="then",
        erased_at="now",
        rows_erased=0,
        receipts_erased=2,
        searched_for=("rows",),
        files_searched=1,
        bytes_searched=1,
        files_rewritten=0,
        others_rows_sha256="",
    )
    certificate = house.deals.certify(unsigned).document()
    house.deals.erasures.finish(erasure.subject, certificate)
    return certificate


def test_a_certificate_is_for_its_holder(house: House, caller: Caller) -> None:
    ann, ben = (enrolled(caller, name)["token"] for name in ("ann", "ben"))
    answer = caller.ask("POST", "/v1/me/erasure", headers=bearer(ann), json=SURE)
    secret = answer.json()["secret"]
    for shown in ({}, bearer("gone_guess"), bearer(ann), bearer(ben), {"cookie": f"x={secret}"}):
        for path in ("/v1/erasure", "/v1/erasure/certificate"):
            assert caller.get(path, headers=shown).status_code == 401
    assert house.erasure(Secret(secret)) is not None
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert not any(secret.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize("body", [{}, {"sure": False}, {"sure": "yes"}, {"sure": 1}])
def test_nobody_is_erased_who_did_not_say_so(
    house: House, caller: Caller, body: dict[str, object]
) -> None:
    token = enrolled(caller)["token"]
    answer = caller.ask("POST", "/v1/me/erasure", headers=bearer(token), json=body)
    assert answer.status_code == 400
    assert house.deals.erasures.pending() == []


def test_the_certificate_needs_no_account(house: House, caller: Caller) -> None:
    token = enrolled(caller)["token"]
    subject = house.deals.badge_of(Token(token)).subject
    secret = caller.ask("POST", "/v1/me/erasure", headers=bearer(token), json=SURE).json()["secret"]
    certified(house, subject)
    with pytest.raises(UnknownDevice):
        house.deals.badge_of(Token(token))
    assert caller.get("/v1/erasure", headers=bearer(secret)).json()["state"] == "done"
