"""What a wish comes to: the cells that are meant by it, if one may say yes to them like this."""

from collections.abc import Iterable

from hubbub.deal.desk import AgeBand, ChoiceRefused, Wish
from hubbub.deal.notice import Notice
from hubbub.terms.purposes import OWN, PURPOSES, Category, Cell, Purpose, RecipientKey


def read_cell(text: str) -> Cell:
    """Read a cell as commands and addresses have it, `category:purpose[:recipient]`."""
    match [*text.split(":"), OWN.key]:
        case [category, purpose, recipient, *rest] if (
            category in set(Category) and purpose in PURPOSES and len(rest) <= 1
        ):
            return Cell(Category(category), PURPOSES[purpose], RecipientKey(recipient))
    raise ChoiceRefused("a cell is CATEGORY:PURPOSE or CATEGORY:PURPOSE:RECIPIENT")


def cells_wished(
    wish: Wish, notice: Notice, *, granted: Iterable[Cell] = (), age: AgeBand
) -> frozenset[Cell]:
    """Find the cells of `wish` in what the `notice` offers. Raises `ChoiceRefused`.

    What is `granted` already may stay. Of what would be new, a minor is offered what is fit for
    minors, one cell at a time, and so is everybody where a category is special.
    """
    if not wish:
        raise ChoiceRefused("nothing was chosen: name at least one purpose")
    before = frozenset(granted)
    offered = notice.cells() | before
    cells = frozenset(_the_cell(each, offered) for each in wish)
    new = cells - before
    if age is AgeBand.MINOR:
        for cell in sorted(new, key=lambda cell: cell.words):
            if not notice.use(cell.purpose).fit_for_minors:
                raise ChoiceRefused(f"{cell.words}: not offered to minors")
    alone = age is AgeBand.MINOR or any(notice.is_special(cell.category) for cell in new)
    if alone and len(new) > 1:
        raise ChoiceRefused("each of these is agreed to by itself: choose one at a time")
    return cells


def cells_left(wish: Wish | None, granted: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Tell what is left of what was `granted` when `wish`, or everything, is taken back."""
    if wish is None:
        return ()
    return tuple(cell for cell in granted if cell not in wish and cell.purpose not in wish)


def _the_cell(wished: Cell | type[Purpose], offered: frozenset[Cell]) -> Cell:
    if isinstance(wished, Cell):
        found, words = {wished} & offered, wished.words
    else:
        found = {cell for cell in offered if (cell.purpose, cell.recipient) == (wished, OWN.key)}
        words = wished.key
    if not found:
        raise ChoiceRefused(f"{words}: not offered by the notice in force")
    if len(found) > 1:
        raise ChoiceRefused(f"{words}: offered for several categories; say which")
    return found.pop()
