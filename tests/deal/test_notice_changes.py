"""What changed since one agreed: field by field, and nothing that did not."""

import msgspec
from msgspec.structs import replace

from deal.notices import NOTICE, everything_told
from hubbub.deal.notice_changes import Change, changes
from hubbub.terms.purposes import Traffic


def test_the_same_notice_has_not_changed_whatever_its_version() -> None:
    assert changes(NOTICE.canonical(), replace(NOTICE, version=7).canonical()) == ()


def test_a_field_that_says_something_else_is_told_with_both_its_words() -> None:
    longer = replace(NOTICE.categories[0], retention_days=365)
    later = replace(NOTICE, version=2, categories=(longer,))
    assert changes(NOTICE.canonical(), later.canonical()) == (
        Change(
            kind="changed",
            field="categories.user.location.precise.retention_days",
            before="90",
            after="365",
        ),
    )


def test_a_use_that_is_new_or_gone_is_told_by_its_purpose() -> None:
    less = replace(NOTICE, uses=tuple(use for use in NOTICE.uses if use.purpose != Traffic.key))
    gone = changes(NOTICE.canonical(), less.canonical())
    new = changes(less.canonical(), NOTICE.canonical())
    assert {change.kind for change in gone} == {"removed"}
    assert {change.kind for change in new} == {"added"}
    assert {change.field for change in new} == {change.field for change in gone}
    assert "uses.public.traffic.title" in {change.field for change in new}
    assert all(change.field.startswith("uses.public.traffic.") for change in new)


def test_the_order_of_what_is_told_says_nothing() -> None:
    turned = replace(NOTICE, uses=NOTICE.uses[::-1])
    assert changes(NOTICE.canonical(), turned.canonical()) == ()


def test_a_new_recipient_of_a_use_is_told() -> None:
    told = everything_told()
    alone = tuple(replace(use, recipients=("own",)) for use in told.uses)
    found = changes(replace(told, uses=alone).canonical(), told.canonical())
    by_field = {change.field: (change.before, change.after) for change in found}
    assert by_field["uses.marketing.advertising.recipients"] == (
        "own",
        "own, maps-sister, ads-partner",
    )


def test_another_law_is_told_field_by_field() -> None:
    found = changes(everything_told("EU").canonical(), everything_told("IN").canonical())
    by_field = {change.field: (change.before, change.after) for change in found}
    assert by_field["region.adult_from_years"] == ("16", "18")
    assert all(field.startswith("region.") for field in by_field)


def test_what_is_told_for_the_first_time_is_new() -> None:
    operator = replace(NOTICE.operator, protection_officer="dpo@example.org")
    (change,) = changes(NOTICE.canonical(), replace(NOTICE, operator=operator).canonical())
    assert (change.kind, change.field, change.before, change.after) == (
        "added",
        "operator.protection_officer",
        "",
        "dpo@example.org",
    )


def test_a_notice_of_an_older_hubbub_is_compared_too() -> None:
    before = {"version": 1, "region": "EU", "title": NOTICE.title, "condition_of_service": True}
    found = changes(msgspec.json.encode(before), NOTICE.canonical())
    by_field = {change.field: (change.kind, change.before, change.after) for change in found}
    assert by_field["region"] == ("removed", "EU", "")
    assert by_field["region.region"] == ("added", "", "EU")
    assert by_field["condition_of_service"] == ("changed", "yes", "no")
    assert "title" not in by_field


def test_a_part_without_a_key_is_told_by_its_number() -> None:
    """Nothing of ours has such parts; what somebody wrote once may."""
    then, now = (b'{"version":1,"links":[{"to":"a"},{"to":"%s"}]}' % to for to in (b"b", b"c"))
    assert changes(then, now) == (
        Change(kind="changed", field="links.1.to", before="b", after="c"),
    )
