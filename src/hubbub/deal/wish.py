"""What a wish comes to: the cells that are meant by it, if the notice lets one say yes to them."""

from hubbub.deal.desk import ChoiceRefused, Wish
from hubbub.deal.notice import Notice
from hubbub.terms.purposes import OWN, Cell, Purpose


def cells_wished(wish: Wish, notice: Notice) -> frozenset[Cell]:
    """Find the cells of `wish` in what the `notice` offers. Raises `ChoiceRefused`."""
    if not wish:
        raise ChoiceRefused("nothing was chosen: name at least one purpose")
    offered = notice.cells()
    return frozenset(_the_cell(each, offered) for each in wish)


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
