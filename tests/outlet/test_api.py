"""The API as a whole: its document, its errors, its methods."""

import json
import re
from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from hubbub.outlet.app import operations_of
from hubbub.outlet.operations import BODY_BYTES_MAX, Operation
from hubbub.terms.purposes import Traffic
from outlet.fake_house import BUSY, SLOW, Caller, House
from outlet.fake_messenger import SECRET


def operations(house: House) -> tuple[Operation, ...]:
    """List what may be asked of `house`, apart from the app that serves it."""
    house.metrics = CollectorRegistry()
    return operations_of(house)


def plain(path: str) -> str:
    """Write a path as the document does."""
    return path.replace(":int}", "}")


def test_the_document_lists_what_is_served_and_nothing_else(house: House, caller: Caller) -> None:
    document = caller.get("/openapi.json").json()

    listed = {(path, method) for path, item in document["paths"].items() for method in item}
    served = {(plain(each.path), each.method.lower()) for each in operations(house)}

    # The document does not describe itself: whoever reads it has found it.
    assert served - listed == {("/openapi.json", "get")}
    assert listed <= served


def test_every_reference_of_the_document_leads_somewhere(caller: Caller) -> None:
    document = caller.get("/openapi.json").json()
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references == document["components"]["schemas"].keys() & references
    assert references


def test_operations_have_distinct_identifiers(caller: Caller) -> None:
    paths = caller.get("/openapi.json").json()["paths"]
    identifiers = [of["operationId"] for item in paths.values() for of in item.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_every_answer_is_of_the_type_that_the_document_says(house: House, caller: Caller) -> None:
    house.publish(SLOW)
    house.tell_weeks(BUSY)
    checked = 0
    for operation in operations(house):
        simple = operation.method == "GET" and operation.who == "anybody"
        if simple and operation.answer is not None and "{" not in operation.path:
            body = caller.get(operation.path).content
            msgspec.json.decode(body, type=operation.answer)
            checked += 1
    assert checked >= 6


def test_every_example_of_a_parameter_is_accepted(house: House, caller: Caller) -> None:
    checked = 0
    token = house.deals.enrol("example", frozenset({Traffic}), "test").token.secret
    for operation in operations(house):
        shown = SECRET if operation.who == "messenger" else token
        headers = {"authorization": f"Bearer {shown}"}
        for parameter in operation.parameters:
            simple = operation.method == "GET" and "{" not in operation.path
            if simple and parameter.within == "query":
                query = {parameter.name: parameter.example}
                answer = caller.get(operation.path, params=query, headers=headers)
                assert answer.status_code == 200, parameter
                checked += 1
    assert checked >= 5


def test_every_example_of_a_body_is_accepted(house: House, caller: Caller) -> None:
    bodies = [each for each in operations(house) if each.example is not None]
    for number, operation in enumerate(bodies):
        enrolled = house.deals.enrol(f"example {number}", frozenset({Traffic}), "test")
        token = enrolled.token.secret
        headers = {"authorization": f"Bearer {token}"} if "person" in operation.who else {}
        answer = caller.ask(
            operation.method, operation.path, json=operation.example, headers=headers
        )
        assert answer.status_code == operation.status
    assert bodies


@pytest.mark.parametrize("path", ["/nothing", "/v1", "/v1/traffic", "/v1/traffic/flow/", "/x.php"])
def test_an_unknown_path_gets_a_problem(caller: Caller, path: str) -> None:
    answer = caller.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:hubbub:problem:not-found")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/traffic/flow", {"GET", "HEAD"}),
        ("GET", "/v1/deal/enrolments", {"POST"}),
        ("POST", "/v1/deal/enrolments/current", {"DELETE", "PUT"}),
        ("DELETE", "/", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    caller: Caller, method: str, path: str, allowed: set[str]
) -> None:
    answer = caller.ask(method, path)
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, allowed)
    assert answer.json()["type"] == "urn:hubbub:problem:method-not-allowed"


def test_head_is_get_without_the_body(caller: Caller) -> None:
    for path in ("/v1/about", "/healthz", "/v1/traffic/live.json", "/"):
        answer = caller.ask("HEAD", path)
        assert (answer.status_code, answer.headers["content-length"] != "0") == (200, True)


def test_a_body_that_is_too_large_is_refused(caller: Caller) -> None:
    answer = caller.ask("POST", "/v1/deal/enrolments", content=b" " * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413


def test_a_fault_of_ours_shows_nothing_of_itself(
    house: House, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise RuntimeError("60.17, 24.94")

    monkeypatch.setattr(house, "clock", broken)
    answer = caller.get("/v1/about")

    assert (answer.status_code, answer.json()["type"]) == (500, "urn:hubbub:problem:fault")
    assert "60.17" not in answer.text
    assert "Traceback" not in answer.text
