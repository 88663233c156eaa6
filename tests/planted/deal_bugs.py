"""The planted bugs of the deal: what somebody agreed to is taken for what she did not agree to."""

from typing import Final

from planted.hunt import Bug, Edit

GATE = "crowd/test_gate.py::"
DEAL = "deal/test_gate.py::"
BIND = "deal/test_gate_bind.py::"
WISH = "deal/test_wish.py::"
TWO = "deal/test_gate_two.py::"
STAMP = "deal/test_stamp.py::"
STORE = "record/test_deal_store.py::"
PROCESSES = "record/test_deal_store_processes.py::"
RECORD = "record/test_record.py::"
EVENTS = "record/test_events.py::"
DOOR = "intake/test_intake_door.py::"
PAUSE = "record/test_deal_store_pause.py::"
REGISTRY = "record/test_deal_store_registry.py::"
SIGNALS = "deal/test_signals.py::"
INTAKE_SIGNALS = "intake/test_intake_signals.py::"
LIVES = "record/test_lives.py::test_what_is_covered_is_read_and_nothing_else"

DEAL_BUGS: Final = (
    Bug(
        name="minors are asked like everybody",
        harm="A child says yes to what no child is to be asked.",
        edits=(
            Edit(
                file="deal/wish.py",
                old="if not notice.use(cell.purpose).fit_for_minors:",
                new="if not notice.use(cell.purpose):",
            ),
        ),
        killers=(WISH + "test_a_minor_is_not_offered_what_is_not_fit_for_minors",),
        checks=("lives",),
    ),
    Bug(
        name="minors and special categories in bulk",
        harm="What is to be thought about one by one is agreed to with one yes.",
        edits=(Edit(file="deal/wish.py", old="if alone and len(new) > 1:", new="if not new:"),),
        killers=(WISH + "test_a_minor_chooses_one_at_a_time",),
    ),
    Bug(
        name="a category that nobody knows",
        harm="A table that no notice speaks of is read as if it held what she agreed to.",
        edits=(
            Edit(
                file="deal/gate.py",
                old="if permitted[leaf.name].categories != {CATEGORIES.get(leaf.name)}:",
                new="if not permitted[leaf.name].categories:",
            ),
        ),
        killers=(
            BIND + "test_a_table_whose_category_nobody_knows_is_not_bound",
            BIND + "test_rows_of_another_category_are_not_bound_where_locations_are_asked_for",
        ),
    ),
    Bug(
        name="a dead list that is not looked at",
        harm="She took back her yes, and her rows are read on.",
        edits=(
            Edit(
                file="deal/gate.py",
                old='alive = stamped.anti_join(dead, "receipt")',
                new="alive = stamped",
            ),
        ),
        killers=(DEAL + "test_a_row_on_the_dead_list_is_not_read_and_its_neighbour_is",),
        checks=("deal traffic.live",),
    ),
    Bug(
        name="the bit of another purpose",
        harm="She agreed to usual speeds, and is in the live picture.",
        edits=(
            Edit(
                file="deal/gate.py",
                old='(rows["may"] & cell_bit(purpose, recipient)) != 0',
                new='rows["may"] != 0',
            ),
        ),
        killers=(DEAL + "test_a_row_is_not_read_for_another_purpose",),
        checks=("deal traffic.live",),
    ),
    Bug(
        name="a purpose that nobody compares",
        harm="Rows that were permitted for one purpose answer the question of another.",
        edits=(
            Edit(
                file="crowd/summing.py",
                old="if bound.purpose is not declared.purpose:",
                new="if bound.purpose is None:",
            ),
        ),
        killers=(GATE + "test_rows_of_another_purpose_are_not_asked",),
    ),
    Bug(
        name="the recipient is forgotten",
        harm="She agreed that the house itself reads, and a partner does.",
        edits=(
            Edit(
                file="terms/purposes.py",
                old="return 1 << (purpose.index * _BITS_A_PURPOSE + recipient.slot)",
                new="return 1 << (purpose.index * _BITS_A_PURPOSE)",
            ),
        ),
        killers=(STAMP + "test_every_purpose_and_recipient_has_a_bit_of_its_own_in_63",),
    ),
    Bug(
        name="the second person is named",
        harm="She agreed to nothing; he did, and the rows about both of them name her.",
        edits=(
            Edit(
                file="deal/gate.py",
                old=" if about_two else alive,",
                new=" if False else alive,",
            ),
        ),
        killers=(TWO + "test_the_other_is_named_iff_both_hold_a_live_cell",),
    ),
    Bug(
        name="any recipient will do",
        harm="She agreed that a partner reads, and the house itself does.",
        edits=(
            Edit(
                file="deal/gate.py",
                old='(rows["may"] & cell_bit(purpose, recipient)) != 0',
                new='(rows["may"] & (cell_bit(purpose, recipient) * 127)) != 0',
            ),
        ),
        killers=(DEAL + "test_every_bit_of_a_stamp_stands_alone",),
        checks=("deal traffic.live",),
    ),
    Bug(
        name="the category is forgotten",
        harm="She agreed that purchases are read, and where she is is read.",
        edits=(
            Edit(
                file="deal/desk.py",
                old="self.stamps[category.number]\n\n\nclass LiveReceipt(",
                new="max(self.stamps, default=category.number)\n\n\nclass LiveReceipt(",
            ),
        ),
        killers=(STAMP + "test_a_row_is_stamped_by_what_was_granted_of_its_own_category",),
    ),
    Bug(
        name="the category of a closed cell is forgotten",
        harm="She took back where she is; what was closed was her purchases.",
        edits=(
            Edit(
                file="record/deal_store_dead.py",
                old="sa.literal(category.value), sa.literal(bit),",
                new='sa.literal("user.account"), sa.literal(bit),',
            ),
        ),
        killers=(STORE + "test_taking_back_one_purpose_leaves_the_other", LIVES),
        checks=("lives",),
    ),
    Bug(
        name="the time is forgotten",
        harm="What she did before she agreed to anything is taken and read.",
        edits=(
            Edit(
                file="intake/admission.py",
                old="agreed = badge.since - limits.deal_slack_s * SECOND",
                new="agreed = badge.since - limits.past_s_max * SECOND",
            ),
        ),
        killers=(DOOR + "test_a_row_of_a_wrong_time_is_refused_told_and_counted", LIVES),
        checks=("lives",),
    ),
    Bug(
        name="a new yes is as old as the first",
        harm="She agrees to live traffic today, and yesterday's drive is in it.",
        edits=(
            Edit(
                file="record/deal_store.py",
                old="since = now if any(opened) else standing.since",
                new="since = standing.since or now",
            ),
        ),
        killers=(STORE + "test_a_purpose_newly_chosen_holds_from_then_on_only",),
        checks=("lives",),
    ),
    Bug(
        name="a new yes revives the old one",
        harm="She took her drives back; agreeing again gives them away again.",
        edits=(
            Edit(
                file="record/deal_store.py",
                old="        for cell in closed:\n",
                new="        if any(opened):\n"
                "            raw = connection.exec_driver_sql\n"
                '            raw("DELETE FROM dead WHERE receipt = ?", (standing.number - 1,))\n'
                "        for cell in closed:\n",
            ),
        ),
        killers=(STORE + "test_granting_again_does_not_revive_what_was_taken_back",),
        checks=("agreement", "lives"),
    ),
    Bug(
        name="only the newest receipt is closed",
        harm="She changed her mind twice: what came under the first receipt is read on.",
        edits=(
            Edit(
                file="record/deal_store_dead.py",
                old="at=at).where(RECEIPT.c.subject == subject)",
                new="at=at).where(RECEIPT.c.subject == subject, RECEIPT.c.number == sa.select("
                "sa.func.max(RECEIPT.c.number) - 1).where(RECEIPT.c.subject == subject)"
                ".scalar_subquery())",
            ),
        ),
        killers=(STORE + "test_closing_reaches_every_receipt_that_granted_it",),
        checks=("lives",),
    ),
    Bug(
        name="a stale cache of badges",
        harm="She withdraws at the desk, and the door takes what her phone sends for an hour more.",
        edits=(
            Edit(
                file="record/deal_store_badges.py",
                old="if version != self._version:",
                new="if self._version < 0:",
            ),
        ),
        killers=(
            PROCESSES + "test_what_another_process_takes_back_holds_at_the_next_question",
            LIVES,
        ),
        checks=("agreement", "lives"),
    ),
    Bug(
        name="a stale cache of dead lists",
        harm="She withdraws at the desk, and whoever has read the list before reads her on.",
        edits=(
            Edit(
                file="record/deal_store_dead_lists.py",
                old="if read_at != version:",
                new="if read_at < 0:",
            ),
        ),
        killers=(
            PROCESSES + "test_what_another_process_takes_back_holds_at_the_next_question",
            LIVES,
        ),
        checks=("agreement", "lives"),
    ),
    Bug(
        name="a stale dead list",
        harm="She withdraws, and the keeper goes by the dead list that it has read an hour ago.",
        edits=(
            Edit(
                file="record/record.py",
                old="return self._dead(*cell)",
                new="return vars(self).setdefault(name, self._dead(*cell))",
            ),
        ),
        killers=(
            RECORD + "test_a_withdrawal_takes_effect_at_the_next_read_also_of_what_was_permitted",
        ),
    ),
    Bug(
        name="a file that tells a stamp of all its rows that some of them do not have",
        harm="She agreed to nothing of this; who lies in the same file did, and she is read.",
        edits=(
            Edit(
                file="record/events_files.py",
                old='is_one = may["min"] == may["max"]',
                new='is_one = may["min"] is not None',
            ),
        ),
        killers=(
            EVENTS + "test_a_file_tells_the_one_stamp_of_its_rows_and_none_where_they_have_several",
        ),
    ),
    Bug(
        name="passes that are not judged again",
        harm="She withdraws, and what her drives were matched to stays in the picture.",
        edits=(
            Edit(
                file="record/record.py",
                old="        dead = dead_leaf(_OF_PASSES, purpose, recipient)\n",
                new="        dead = dead_leaf(_OF_PASSES, purpose, recipient)\n"
                '        dead = dead.filter(dead["receipt"] < 0)\n',
            ),
        ),
        killers=(RECORD + "test_held_passes_are_judged_anew_at_each_read", LIVES),
        checks=("lives",),
    ),
    Bug(
        name="a door that takes what nobody agreed to",
        harm="She has taken everything back, and her phone's rows are kept.",
        edits=(
            Edit(
                file="intake/door.py",
                old="if badge.stamp(Category.LOCATION) == 0:",
                new="if badge.stamp(Category.LOCATION) < 0:",
            ),
        ),
        killers=(
            DOOR + "test_a_withdrawn_device_is_told_so_and_its_rows_are_counted_and_not_kept",
            LIVES,
        ),
        checks=("lives",),
    ),
    Bug(
        name="a new notice widens the deal",
        harm="The operator writes another notice, and she has agreed to all that is in it.",
        edits=(
            Edit(
                file="record/deal_store_notices.py",
                old="    document = told.published(version + 1).canonical()\n",
                new="    document = told.published(version + 1).canonical()\n"
                '    connection.exec_driver_sql("UPDATE receipt SET may_location = 65793")\n',
            ),
        ),
        killers=(STORE + "test_a_new_notice_widens_nobodys_deal",),
        checks=("agreement", "lives"),
    ),
    Bug(
        name="a pause is forgotten",
        harm="She paused her deal, and all that rests of her is read on.",
        edits=(
            Edit(
                file="record/deal_store_dead_lists.py",
                old="SELECT subject FROM pause WHERE paused AND",
                new="SELECT subject FROM pause WHERE NOT paused AND",
            ),
        ),
        killers=(
            PAUSE + "test_nothing_of_a_paused_deal_is_read_for_any_purpose_and_others_are",
            LIVES,
        ),
        checks=("lives",),
    ),
    Bug(
        name="GPC is ignored",
        harm="Her browser says that nobody may sell what she does, and it is read for ads.",
        edits=(
            Edit(
                file="deal/signals.py",
                old='is_on = any(value.strip() != "0" for value in gpc)',
                new='is_on = any(value.strip() == "yes" for value in gpc)',
            ),
        ),
        killers=(
            SIGNALS + "test_gpc_leaves_the_own_service_everything_but_ads_and_nobody_else_anything",
        ),
    ),
    Bug(
        name="a signal is heard, and its rows are taken",
        harm="Her app's TC string agrees to nothing, and her drive is kept and read all the same.",
        edits=(
            Edit(
                file="intake/door.py",
                old="if signals.narrow(badge.stamps)[Category.LOCATION.number] == 0:",
                new="if signals.narrow(badge.stamps)[Category.LOCATION.number] < 0:",
            ),
            Edit(
                file="intake/admission.py",
                old='rows["may"] = signals.narrow(badge.stamps)[_OF_PINGS.number]',
                new='rows["may"] = badge.stamps[_OF_PINGS.number]',
            ),
        ),
        killers=(
            INTAKE_SIGNALS + "test_a_row_that_is_left_for_nothing_is_refused_counted_and_not_kept",
            LIVES,
        ),
        checks=("lives",),
    ),
    Bug(
        name="a recipient that is revoked reads on",
        harm="The operator let a partner go, and what she agreed to for it is read for it.",
        edits=(
            Edit(
                file="record/deal_store_registry.py",
                old="bury_recipient(connection, revoked, at=now)",
                new="assert bury_recipient",
            ),
        ),
        killers=(
            REGISTRY + "test_revoking_a_recipient_closes_its_cells_on_everybodys_receipts_at_once",
        ),
    ),
)
