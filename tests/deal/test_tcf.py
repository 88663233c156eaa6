"""TC strings are read as IAB Tech Lab's own library reads them, or refused with the rule broken."""

import json
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deal.tc_strings import ALPHABET, core, segment, vendors
from hubbub.deal.tcf import CHARACTERS_MAX, NotTcf, TcString, read_tc_string

LINES = (Path(__file__).parent / "tcf23_strings.txt").read_text().splitlines()
KNOWN = [line.split() for line in LINES if not line.startswith("#")]


def refused(text: str) -> str:
    """Give the rule that `text` breaks."""
    with pytest.raises(NotTcf) as told:
        read_tc_string(text)
    return told.value.rule


def test_all_three_hundred_strings_are_read_as_the_standards_own_library_reads_them() -> None:
    assert len(KNOWN) == 300
    for text, digest in KNOWN:
        read = read_tc_string(text)
        assert read.disclosed is not None
        sets = (read.purposes, read.vendors, read.disclosed, read.special_features)
        told = json.dumps([*map(sorted, sets), read.policy], separators=(",", ":"))
        assert sha256(told.encode()).hexdigest() == digest


def test_every_field_is_read() -> None:
    restricted = [(1, 12), (4, 6), (1, 2), (2, 12), (0, 1), (7, 16), (1, 1), (9, 16), (11, 16)]
    by_flags = [(5, 16), (0, 1), (0b10010, 5)]
    publisher = segment((3, 3), (1 << 23, 24), (1 << 22, 24), (2, 6), (0b01, 2), (0b10, 2))
    disclosed = segment((1, 3), *vendors((8, 8), (2, 4), (3, 6)))
    text = core(*vendors((755, 755)), *by_flags, *restricted, behind=f".{publisher}.{disclosed}")
    read = read_tc_string(text)
    assert (read.created, read.updated) == (1_795_000_000_000_000, 1_795_000_000_500_000)
    assert (read.cmp, read.cmp_version, read.screen, read.vendor_list) == (10, 3, 1, 150)
    assert (read.language, read.country, read.policy) == ("EN", "II", 5)
    assert (read.service_specific, read.own_texts, read.purpose_one_told) == (True, False, False)
    assert read.special_features == {1}
    assert (read.purposes, read.purposes_legitimate_interest) == ({2, 24}, {3})
    assert (read.vendors, read.vendors_legitimate_interest) == ({755}, {1, 4})
    assert read.disclosed == {2, 3, 4, 5, 6, 8}
    (one,) = read.restrictions
    assert (one.purpose, one.kind, one.vendors) == (4, 1, (range(7, 8), range(9, 12)))
    assert read.publisher is not None
    told = (read.publisher.purposes, read.publisher.purposes_legitimate_interest)
    own = (read.publisher.custom, read.publisher.custom_legitimate_interest)
    assert (*told, *own) == ({1}, {2}, {2}, {1})


def test_what_comes_without_segments_says_so() -> None:
    read = read_tc_string(core())
    assert read.disclosed is None
    assert read.publisher is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "it is whole"),
        (core()[:40], "it is whole"),
        (core(version=1), "its version is 2"),
        (core(policy=3), "its policy version is 4 or later"),
        (core(letters=26), "a language and a country are two letters each"),
        (core() + "=", "segments of base64url, with dots between them"),
        (core().replace("A", "+", 1), "segments of base64url, with dots between them"),
        (core() + "B", "nothing but zeros fills up a segment"),
        (core(behind="."), "it is whole"),
        (core(behind="." + segment((2, 3), *vendors())), "behind the core: disclosed vendors and"),
        (core(behind=2 * ("." + segment((1, 3), *vendors()))), "behind the core: disclosed vendor"),
        (core(*vendors((9, 8)), *vendors(), (0, 12)), "vendors are ranges from 1 up, within"),
        (core(*vendors((0, 1)), *vendors(), (0, 12)), "vendors are ranges from 1 up, within"),
        (core(*vendors((9, 1001)), *vendors(), (0, 12)), "vendors are ranges from 1 up, within"),
        (core(*vendors(), *vendors(), (1, 12), (4, 6), (3, 2), (0, 12)), "a restriction is of kin"),
        ("C" * (CHARACTERS_MAX + 1), f"it has at most {CHARACTERS_MAX} characters"),
    ],
)
def test_a_bad_string_is_told_which_rule_it_breaks(text: str, rule: str) -> None:
    assert refused(text).startswith(rule)


def test_zeros_may_fill_up_a_segment() -> None:
    assert read_tc_string(core() + "AAA").purposes == {2, 24}


def test_no_error_repeats_what_was_given() -> None:
    with pytest.raises(NotTcf) as told:
        read_tc_string("Ann-was-here.")
    assert "Ann" not in str(told.value)


def test_a_string_that_breaks_a_rule_is_told_what_it_is_not() -> None:
    with pytest.raises(NotTcf, match=r"^not a TC string of TCF 2\.2 or 2\.3: "):
        read_tc_string("")


def test_a_string_of_the_oldest_policy_and_the_greatest_length_is_read() -> None:
    assert read_tc_string(core(policy=4)).policy == 4
    longest = core()
    longest += "A" * (CHARACTERS_MAX - len(longest))
    assert read_tc_string(longest) == read_tc_string(core())
    with pytest.raises(NotTcf, match="at most 8192 characters"):
        read_tc_string(longest + "A")


def test_what_was_read_prints_nothing() -> None:
    read = read_tc_string(core(behind="." + segment((3, 3), (0, 24), (0, 24), (0, 6))))
    assert (repr(read), repr(read.publisher)) == ("<TcString>", "<PublisherTc>")


def test_many_vendors_many_times_over_take_no_longer() -> None:
    everybody = [(1, 65_535)] * 400
    restrictions = [(400, 12), *[(2, 6), (0, 2), (1, 12), (1, 1), (1, 16), (65_535, 16)] * 400]
    text = core(*vendors(*everybody, highest=65_535), *vendors(), *restrictions)
    assert len(text) < CHARACTERS_MAX
    assert len(read_tc_string(text).vendors) == 65_535


@given(
    st.one_of(
        st.text(),
        st.text(ALPHABET + ".", max_size=80),
        st.tuples(st.integers(0, 299), st.integers(0, 365), st.sampled_from(ALPHABET + ".")).map(
            lambda changed: (
                KNOWN[changed[0]][0][: changed[1]]
                + changed[2]
                + KNOWN[changed[0]][0][changed[1] + 1 :]
            )
        ),
    )
)
def test_whatever_is_given_is_read_or_refused(text: str) -> None:
    with suppress(NotTcf):
        assert type(read_tc_string(text)) is TcString
