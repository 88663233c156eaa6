"""What a type checker must refuse of gate 1: every line marked `no`, and no other."""

from collections.abc import Callable, Mapping

import pyarrow as pa
from ibis.expr import types as ir

from hubbub.deal.desk import Badge, DealDesk, Deals, DeviceName, Token
from hubbub.deal.gate import Permitted, bind, derive, permit
from hubbub.deal.own import Own, own
from hubbub.terms.catalogue import PINGS
from hubbub.terms.people import ReceiptNumber, Subject
from hubbub.terms.purposes import Category, OWN, LiveTraffic, Purpose, Recipient, Traffic
from hubbub.terms.time import Instant


class Rows:
    """Rows in memory. (pyarrow ships no types, so its tables would pass for anything.)"""


def usual_speeds(rows: Permitted[Rows, Traffic]) -> None:
    """A product that takes traffic's rows."""


def gate(dead: ir.Table, raw: Rows) -> None:
    """Go through the gate, and around it."""
    traffic = permit(PINGS, Traffic, OWN, category=Category.LOCATION, dead=dead)
    live = permit(PINGS, LiveTraffic, OWN, category=Category.LOCATION, dead=dead)
    rows = derive(traffic, lambda _: Rows())
    usual_speeds(rows)
    usual_speeds(derive(rows, lambda table: table))

    usual_speeds(raw)  # no: raw rows are not permitted
    usual_speeds(derive(live, lambda _: Rows()))  # no: rows of another purpose
    laundered: Permitted[ir.Table, LiveTraffic] = traffic  # no: a purpose is not exchanged
    widened: Permitted[ir.Table, Purpose] = traffic  # no: nor widened to every purpose
    derived: Permitted[Rows, LiveTraffic] = derive(rows, lambda table: table)  # no: laundering
    Permitted(raw)  # no: forged
    Permitted()  # no: forged without argument
    Permitted[Rows, Traffic](raw)  # no: forged with its parameters
    permit(PINGS, Traffic, OWN, dead=dead)  # no: rows are of a category
    permit(PINGS, "public.traffic", OWN, category=Category.LOCATION, dead=dead)  # no: a purpose is a type
    permit(PINGS, int, OWN, category=Category.LOCATION, dead=dead)  # no: not any type
    permit(PINGS, Traffic, "own", dead=dead)  # no: a recipient is one of ours
    permit(PINGS, Traffic, OWN, category=Category.LOCATION)  # no: nobody reads without the dead list
    bind(PINGS, {"pings": traffic})
    bind(PINGS, {"pings": raw})  # no: only permitted rows are bound
    both: Mapping[str, Permitted[ir.Table, Traffic]] = {"a": traffic, "b": live}  # no: two purposes


class Wider(Permitted[Rows, Traffic]):  # no: a promise has no subclasses
    """A second way in."""


def desk(deals: Deals, deal_desk: DealDesk) -> None:
    """Speak with the deal."""
    badge = deals.badge("token")
    badge.stamps  # no: nobody may hold this token
    deals.badge(Token("token"))  # no: the door speaks the wire's words
    deal_desk.withdraw(Token("token"), None, "page")
    deal_desk.withdraw(DeviceName("ann"), frozenset({Traffic}), "command")
    deal_desk.withdraw("ann", None, "page")  # no: is it a name or a secret
    deal_desk.enrol("ann", frozenset({"public.traffic"}), "page")  # no: a purpose is a type
    Badge(subject=1, receipt=ReceiptNumber(1), stamps=(1,), since=Instant(0))  # no: an int is no subject
    Badge(subject=Subject(1), receipt=ReceiptNumber(1), stamps=(1,))  # no: since when


def way_home(engine: Callable[[ir.Table], pa.Table], traffic: Permitted[Rows, Traffic]) -> None:
    """Hand a person's own rows to that person, and try others."""
    theirs = own(PINGS, Subject(1), engine=engine)
    theirs.hand_over(to=Subject(1))
    usual_speeds(theirs)  # no: one's own rows are for no product
    Own(Rows())  # no: forged
    Own()  # no: forged without argument
    own(PINGS, 1, engine=engine)  # no: an int is no subject
    own(PINGS, Subject(1))  # no: an engine is handed in
    theirs.hand_over()  # no: to whom is always said
    theirs.hand_over(to="ann")  # no: a name is no subject
    home: Own[Rows] = traffic  # no: what a purpose may read is not anybody's own


class Theirs(Own[Rows]):  # no: a promise has no subclasses
    """A second way home."""
