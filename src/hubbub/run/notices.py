"""Which notice this house tells: the operator's own file, or the one that hubbub brings."""

from pathlib import Path

from hubbub.deal.notice import Draft, NoticeText, Operator, draft
from hubbub.deal.notice_check import checked
from hubbub.deal.vocabulary import read_vocabulary
from hubbub.record.deal_store_notices import packaged, packaged_regions, shipped
from hubbub.run.home import Home
from hubbub.run.messenger.presence import has_messenger
from hubbub.run.settings import Settings
from hubbub.terms.errors import BadInput


def told_here(home: Home, settings: Settings) -> Draft:
    """Give the notice of the settings. Raises `NoticeRefused` with all that is wrong with it."""
    if settings.notice.file is not None:
        text = checked_file(home.folder / settings.notice.file, settings)
        return draft(text, settings.notice.region, packaged_regions())
    operator = Operator(name=settings.operator.name, contact=settings.operator.contact)
    return shipped(operator, settings.notice.region, messages=has_messenger(settings))


def checked_file(file: Path, settings: Settings) -> NoticeText:
    """Read the notice in `file`, if nothing is wrong with it."""
    if not file.is_file():
        raise BadInput(f"{file}: no such file")
    return checked(
        file.read_bytes(),
        region=packaged_regions().get(settings.notice.region),
        vocabulary=read_vocabulary(packaged("vocabulary.json")),
    )
