"""What somebody is told in the chat when their deal has changed, or the notice."""

from hubbub.deal.notice import Notice
from hubbub.deal.receipt import Receipt
from hubbub.terms.purposes import OWN, Cell


def deal_changed(before: Receipt, after: Receipt, notice: Notice, *, my_data: str) -> str:
    """Tell what was switched on and off, and where it is taken back."""
    was, now = {*before.cells()}, {*after.cells()}
    lines = ["Your deal has changed."]
    lines += [f"On: {_words(cell, notice)}" for cell in after.cells() if cell not in was]
    lines += [f"Off: {_words(cell, notice)}" for cell in before.cells() if cell not in now]
    lines += [f"Receipts, and every switch: {my_data}"]
    return "\n".join(lines)


def notice_changed(notice: Notice, *, my_data: str) -> str:
    """Tell that there is another version, and that nothing was switched on by it."""
    version = f"version {notice.version} of the notice is in force"
    return (
        f"What you are told about your data has changed: {version}. Nothing of yours was switched "
        f"on by it.\nWhat is said differently: {my_data}"
    )


def _words(cell: Cell, notice: Notice) -> str:
    """Name a switch in the notice's words; in the deal's own where it is offered no more."""
    if cell not in notice.cells():
        return cell.words
    title = f"{notice.use(cell.purpose).title} ({notice.category(cell.category).title})"
    if cell.recipient == OWN.key:
        return title
    return f"{title}, for {notice.recipient(cell.recipient).name}"
