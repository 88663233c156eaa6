"""The planted bugs: mistakes that somebody could make, each with what it would do to a person."""

from typing import Final

from planted.deal_bugs import DEAL_BUGS
from planted.hunt import Bug, Edit
from planted.keeping_bugs import KEEPING_BUGS

AUDIT = "crowd/test_audit.py::"
BLOCKS = "crowd/test_blocks.py::"
BOUNDS = "crowd/test_bounds.py::"
GATE = "crowd/test_gate.py::"
NOISE = "crowd/test_noise.py::"
DAYS = "crowd/test_days.py::"
SUMMING = "crowd/test_summing.py::"
DECLARATION = "crowd/test_declaration.py::"
ATTACKS = "house/test_attacks.py::"
STYLE = "house/test_style.py::"
LEDGER = "record/test_ledger.py::"
ADOPTION = "record/test_ledger_adoption.py::"

A_WORD = "test_a_word_gives_the_columns_own_value_below_its_edge_and_the_other_from_there_on"
WEIGHED = "weighed = declared.weighed(rows.to_expr(), one_day=one_day, keys_below=keys_below)"
TRUE = "sum(in_key_order(each, name, keys=keys, measure=measure) for each in sums)"
NOISED = "sum((in_key_order(each, name, keys=keys, measure=measure) for each in sums), drawn)"

NOISE_BUGS: Final = (
    Bug(
        name="half of the noise",
        harm="What is published tells twice as much of her as she was promised.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="draw(declared.noise, count, entropy=entropy)",
                new="draw(declared.noise, count, entropy=entropy) // 2",
            ),
        ),
        killers=(AUDIT + "test_the_gate_tells_what_it_claims_and_no_more",),
        checks=("audit traffic.live",),
    ),
    Bug(
        name="zero cells without noise",
        harm="A road with noise on it says that somebody drove there.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old=NOISED,
                new=f"{TRUE} + drawn * ({TRUE} > 0)",
            ),
        ),
        killers=(
            GATE + "test_every_public_key_is_noised_whether_anybody_was_there_or_not",
            AUDIT + "test_the_gate_tells_what_it_claims_and_no_more",
        ),
        checks=("audit traffic.typical",),
    ),
    Bug(
        name="one noise for both counters",
        harm="The difference of the counters has no noise left: her speed is read off it.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="for name, drawn in zip(measure.counters, noise, strict=True)",
                new="for name, drawn in zip(measure.counters, noise[:1] * 2, strict=False)",
            ),
        ),
        killers=(GATE + "test_every_public_key_is_noised_whether_anybody_was_there_or_not",),
        checks=("audit traffic.live",),
    ),
    Bug(
        name="one noise for all blocks",
        harm="Yesterday from today takes the noise away, and leaves what she did.",
        edits=(Edit(file="crowd/noise.py", old="def draw(", new="@lru_cache\ndef draw("),),
        killers=(GATE + "test_no_two_blocks_share_their_noise",),
    ),
    Bug(
        name="noise from a seed",
        harm="Whoever knows the seed draws the same noise, and takes it away.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="draw(declared.noise, count, entropy=entropy)",
                new="draw(declared.noise, count, entropy=lambda n: entropy(1) and"
                " (bytes.fromhex(question.bill.release) * n)[:n])",
            ),
        ),
        killers=(GATE + "test_the_noise_is_of_the_randomness_that_was_handed_in",),
    ),
    Bug(
        name="no randomness in the shell",
        harm="The gate draws from nothing: everybody can draw the same, and take it away.",
        edits=(Edit(file="run/traffic.py", old="entropy=os.urandom", new="entropy=bytes"),),
        killers=(STYLE + "test_the_shell_draws_from_the_operating_system",),
    ),
    Bug(
        name="randomness of 32 bits",
        harm="What is rare never comes: a number that only she can cause tells of her.",
        edits=(
            Edit(
                file="crowd/noise.py",
                old="words = np.frombuffer(entropy(16 * count), dtype=np.uint64)",
                new="words = np.frombuffer(entropy(16 * count), np.uint64) >> 32 << 32",
            ),
        ),
        killers=(NOISE + A_WORD,),
    ),
    Bug(
        name="a law without its tails",
        harm="Beyond the last number that noise can reach, an answer is certain to be hers.",
        edits=(
            Edit(
                file="crowd/noise.py",
                old="_TAIL_SCALES: Final = 80",
                new="_TAIL_SCALES: Final = 12",
            ),
        ),
        killers=(NOISE + "test_the_table_is_within_2_to_the_minus_100_of_its_law",),
    ),
    Bug(
        name="float before noise",
        harm="The last bits of a float tell which numbers were added: hers among them.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old=NOISED,
                new=f"{TRUE} * 1.0 + drawn",
            ),
        ),
        killers=(GATE + "test_the_sums_are_whole_numbers_until_after_the_noise",),
    ),
    Bug(
        name="float in the sums",
        harm="A share that is no whole number moves the sum by more than the bound says.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old="up=_nearest(cells.w * mean, ibis.literal(2 * G))",
                new="up=cells.w * mean / (2 * G)",
            ),
            Edit(
                file="crowd/bounds.py",
                old="least=reduce(ibis.least, counters).min(),",
                new='least=reduce(ibis.least, counters).min().cast("int64"),',
            ),
        ),
        killers=(BOUNDS + "test_each_share_is_a_whole_number_before_it_is_added",),
    ),
)

KEY_BUGS: Final = (
    Bug(
        name="a threshold on true counts",
        harm="Whether a road is shown depends on her alone.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old=NOISED,
                new=f"{NOISED} - 10**9 * ({TRUE} == 0)",
            ),
        ),
        killers=(AUDIT + "test_the_gate_tells_what_it_claims_and_no_more",),
        checks=("audit traffic.live",),
    ),
    Bug(
        name="absent rows",
        harm="A road is in the answer because she drove there.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="keys = question.keys.of_group(question.block.group, declared.blocks.groups)",
                new='keys = np.unique(np.concatenate([each["key"] for each in sums]))',
            ),
        ),
        killers=(GATE + "test_every_public_key_is_noised_whether_anybody_was_there_or_not",),
        checks=("audit traffic.typical",),
    ),
    Bug(
        name="order by the true value",
        harm="The order of the rows tells what the noise hides.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="return pa.table({**cells, **counters})",
                new="name = measure.counters[0]\n"
                f"    return pa.table({{**cells, **counters}}).take({TRUE}.argsort())",
            ),
        ),
        killers=(GATE + "test_every_public_key_is_noised_whether_anybody_was_there_or_not",),
        checks=("audit traffic.live",),
    ),
)

BOUND_BUGS: Final = (
    Bug(
        name="no bound",
        harm="Who drives all day stands out as far as she likes.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old="(c * (G * bound.whole_max * fineness)) // size",
                new="c * (G * bound.whole_max * fineness)",
            ),
        ),
        killers=(
            BOUNDS + "test_one_unit_moves_all_sums_by_no_more_than_was_declared",
            BOUNDS + "test_five_hundred_passes_a_day_weigh_no_more_than_one_person",
        ),
    ),
    Bug(
        name="no bound and no check",
        harm="Who drives all day stands out as far as she likes, and nothing stops it.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old="(c * (G * bound.whole_max * fineness)) // size",
                new="c * (G * bound.whole_max * fineness)",
            ),
            Edit(
                file="crowd/summing.py",
                old='    _prove(declared, found.filter(pc.is_null(found["key"])))\n',
                new="",
            ),
        ),
        killers=(AUDIT + "test_the_gate_tells_what_it_claims_and_no_more",),
        checks=("sensitivity traffic.live",),
    ),
    Bug(
        name="events weighed as if they were places",
        harm="Who comes to one place all day has a voice each time.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old="_size(units.listed.length(), bound)",
                new="_size(array_distinct(units.listed).length(), bound)",
            ),
        ),
        killers=(BOUNDS + "test_each_event_counts_until_the_day_is_full",),
    ),
    Bug(
        name="a plan of a sum weighed as one of squares",
        harm="The few times that she is counted add up to more than one person.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old="return G // (self.windows_max * self.keys_max)",
                new="return G // (isqrt(self.windows_max * self.keys_max - 1) + 1)",
            ),
        ),
        killers=(BOUNDS + "test_all_that_a_plan_of_a_sum_counts_sums_to_one_voice_at_most",),
    ),
    Bug(
        name="no check",
        harm="A bound that is broken all the same is not seen before she is.",
        edits=(
            Edit(
                file="crowd/summing.py",
                old='    _prove(declared, found.filter(pc.is_null(found["key"])))\n',
                new="",
            ),
        ),
        killers=(GATE + "test_a_broken_bound_is_seen_on_the_data_and_nothing_is_released",),
    ),
    Bug(
        name="bounded by the week",
        harm="A day less makes all her other days louder: the day is not hidden.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old='PERSON_DAY = ("subject", "day")',
                new='PERSON_DAY = ("subject",)',
            ),
        ),
        killers=(BOUNDS + "test_a_day_adds_the_same_whatever_the_other_days_hold",),
    ),
    Bug(
        name="bounded by the passage",
        harm="Every road that she takes is a voice more, where all of her day has one.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old='PERSON_DAY = ("subject", "day")',
                new='PERSON_DAY = ("subject", "key", "window", "day")',
            ),
        ),
        killers=(
            BOUNDS + "test_one_unit_moves_all_sums_by_no_more_than_was_declared",
            AUDIT + "test_the_gate_tells_what_it_claims_and_no_more",
        ),
        checks=("sensitivity traffic.typical",),
    ),
    Bug(
        name="a plan that knows the future",
        harm="What she does at night changes what was counted of her in the morning.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old='group_by=["subject", "day"], order_by="window"',
                new='group_by=["subject", "day"], order_by=ibis.desc("window")',
            ),
        ),
        killers=(BOUNDS + "test_who_drives_everywhere_all_day_has_the_plan_and_no_more",),
    ),
    Bug(
        name="rows of nobody",
        harm="Who sends rows without a name has a voice with each of them.",
        edits=(
            Edit(
                file="crowd/bounds.py",
                old="    rows = contributions.filter(",
                new="    contributions = contributions.mutate("
                "subject=ibis.coalesce(contributions.subject, contributions.at))\n"
                "    rows = contributions.filter(",
            ),
        ),
        killers=(BOUNDS + "test_bad_rows_drop_silently_and_good_ones_count",),
        checks=("sensitivity traffic.live",),
    ),
    Bug(
        name="values beyond the grid",
        harm="One row of hers weighs as much as she likes.",
        edits=(
            Edit(file="crowd/bounds.py", old="rows.filter(rows.d_q.between(-G, G))", new="rows"),
        ),
        killers=(BOUNDS + "test_bad_rows_drop_silently_and_good_ones_count",),
    ),
    Bug(
        name="a day split by Greenwich",
        harm="Her evening and her night are two days, and each of them has a voice.",
        edits=(
            Edit(
                file="crowd/blocks.py",
                old="time(), tzinfo=zone)",
                new='time(), tzinfo=ZoneInfo("UTC"))',
            ),
        ),
        killers=(BLOCKS + "test_a_day_is_what_the_clocks_say",),
    ),
)

LEDGER_BUGS: Final = (
    Bug(
        name="debit after the draw",
        harm="A crash between the two draws again for nothing, as often as it likes.",
        edits=(
            Edit(file="crowd/gate.py", old="    book.debit(question.bill, at=at)\n", new=""),
            Edit(
                file="crowd/gate.py",
                old="        stored = payment.book.store(payment.release, output, at=payment.at)",
                new="        payment.book.debit(question.bill, at=payment.at)\n"
                "        stored = payment.book.store(payment.release, output, at=payment.at)",
            ),
        ),
        killers=(
            GATE + "test_a_debit_comes_before_the_randomness_and_the_bytes_before_the_answer",
        ),
    ),
    Bug(
        name="an answer that is not stored",
        harm="After a restart the same question has another noise, and the two together tell more.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="stored = payment.book.store(payment.release, output, at=payment.at)",
                new='stored = Stored(release=payment.release, product="", block="",\n'
                "            output=output, promise=question.bill.promise, seq=1,\n"
                "            digest=digest(output), released_at=payment.at)",
            ),
        ),
        killers=(
            GATE + "test_a_debit_comes_before_the_randomness_and_the_bytes_before_the_answer",
            GATE + "test_the_same_question_gets_the_same_bytes",
        ),
    ),
    Bug(
        name="a closed block opens again",
        harm="Rows that come late are the difference of two answers: hers alone, perhaps.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="    if stored is None:\n        output",
                new="    if stored is None or question.rows:\n        output",
            ),
            Edit(
                file="crowd/gate.py",
                old="stored = payment.book.store(payment.release, output, at=payment.at)",
                new="kept = payment.book.store(payment.release, output, at=payment.at)\n"
                "        stored = Stored(release=kept.release, product=kept.product,\n"
                "            block=kept.block, promise=kept.promise, digest=digest(output),\n"
                "            output=output, released_at=kept.released_at, seq=kept.seq)",
            ),
        ),
        killers=(GATE + "test_the_same_question_gets_the_same_bytes",),
    ),
    Bug(
        name="a block asked about in another way",
        harm="Two answers about the same rows have two noises, whose mean tells more.",
        edits=(
            Edit(
                file="record/ledger.py",
                old="if release != bill.release:",
                new="if False:",
            ),
            Edit(
                file="record/ledger_tables.py",
                old="  UNIQUE (product, block)\n",
                new="  CHECK (product <> '')\n",
            ),
        ),
        killers=(LEDGER + "test_a_block_is_asked_about_in_one_way",),
    ),
    Bug(
        name="a budget without an end",
        harm="Questions about her are answered until the answers leave no doubt.",
        edits=(
            Edit(file="record/ledger.py", old="if needs > cap.epsilon:", new="if needs > 1e9:"),
        ),
        killers=(LEDGER + "test_a_spent_budget_is_refused_and_says_on_what_it_went",),
    ),
    Bug(
        name="a refund after a crash",
        harm="Who kills the process between debit and answer has as many draws as kills.",
        edits=(
            Edit(
                file="record/ledger_tables.py",
                old="WHEN NEW.spent_nano < OLD.spent_nano OR",
                new="WHEN",
            ),
            Edit(
                file="record/chain.py",
                old="CREATE TRIGGER entry_stays BEFORE DELETE ON entry\n",
                new="CREATE TRIGGER entry_stays BEFORE DELETE ON entry WHEN OLD.kind <> 'debit'\n",
            ),
            Edit(
                file="record/ledger_file.py",
                old="                ledger._require(remembered)\n",
                new="                ledger._require(remembered)\n"
                "                ledger.sqlite.execute('DELETE FROM entry WHERE release IN"
                " (SELECT release FROM release WHERE output IS NULL)')\n"
                "                ledger.sqlite.execute('UPDATE account SET spent_nano = 0')\n",
            ),
        ),
        killers=(LEDGER + "test_what_was_paid_and_not_drawn_stays_paid_after_a_restart",),
    ),
    Bug(
        name="a debit that waits for no disk",
        harm="The power fails: what was published of her is no longer known to be spent.",
        edits=(Edit(file="record/ledger_file.py", old="synchronous=FULL", new="synchronous=OFF"),),
        killers=(LEDGER + "test_a_commit_waits_for_the_disk",),
    ),
    Bug(
        name="a ledger's head that nobody remembers",
        harm="An old copy of the ledger spends once more what was spent since.",
        edits=(
            Edit(
                file="record/ledger_file.py",
                old="self._witness.remember(Remembered(head=head, place=self._place))",
                new="pass",
            ),
        ),
        killers=(
            LEDGER + "test_an_older_copy_of_the_ledger_spends_nothing",
            LEDGER + "test_a_ledger_that_is_missing_spends_nothing",
        ),
    ),
    Bug(
        name="a copied ledger that spends on",
        harm="Two copies of a house spend her day twice, and neither knows.",
        edits=(
            Edit(
                file="record/ledger_file.py",
                old="if remembered.place != self._place:",
                new="if not remembered.place:",
            ),
        ),
        killers=(
            ADOPTION + "test_a_copy_of_the_whole_house_spends_nothing",
            ADOPTION + "test_a_ledger_that_lived_on_another_machine_spends_nothing",
        ),
    ),
    Bug(
        name="a release that was paid before an adoption is drawn after it",
        harm="The other copy has drawn it too: there are two noises on her one day.",
        edits=(Edit(file="record/ledger.py", old="if put_out:", new="if put_out or paid:"),),
        killers=(ADOPTION + "test_what_was_paid_and_not_drawn_before_an_adoption_is_never_drawn",),
    ),
    Bug(
        name="stored bytes that nobody compares",
        harm="What the ledger's file says after somebody changed it leaves as if noise were on it.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="if digest(stored.output) != stored.digest:",
                new="if not stored.digest:",
            ),
        ),
        killers=(GATE + "test_stored_bytes_that_were_changed_are_not_given_again",),
    ),
    Bug(
        name="a plan that forgets whom it counted",
        harm="After a restart her day is counted once more, on the same debit.",
        edits=(
            Edit(
                file="crowd/question.py",
                old='**({"memory": self.memory} if self._is_planned else {})',
                new="",
            ),
        ),
        killers=(GATE + "test_a_plan_that_was_forgotten_is_paid_again",),
    ),
)

DAY_BUGS: Final = (
    Bug(
        name="a closed day that opens again",
        harm="Her row comes late, and the week is another one than the week without her.",
        edits=(
            Edit(
                file="crowd/days.py",
                old="if closed is not None and closed.kept.dead == dead:",
                new="if closed is not None and not dead:",
            ),
        ),
        killers=(DAYS + "test_a_closed_day_does_not_reopen",),
    ),
    Bug(
        name="a withdrawal after the day was closed",
        harm="She took back her yes, and what she had added is published on Monday.",
        edits=(Edit(file="crowd/days.py", old="if kept.dead != dead:", new="if not kept.dead:"),),
        killers=(DAYS + "test_what_a_withdrawn_receipt_added_is_not_released",),
    ),
    Bug(
        name="a day added twice",
        harm="Her day has two voices, and noise for one.",
        edits=(
            Edit(
                file="crowd/days.py",
                old="if len(closed) != len(days) or sorted(closed) != sorted(question.block.days):",
                new="if sorted(closed) != sorted(question.block.days):",
            ),
            Edit(
                file="crowd/days.py",
                old="return [kept.sums for kept in closed.values()]",
                new="return [day.kept.sums for day in days]",
            ),
        ),
        killers=(DAYS + "test_a_week_is_each_of_its_days_once",),
    ),
    Bug(
        name="consent after the bound",
        harm="Rows that she took back make what is left of her quieter: her withdrawal shows.",
        edits=(
            Edit(
                file="crowd/summing.py",
                old=WEIGHED,
                new="""leaves = rows.find(ops.UnboundTable)
    all_rows = next(each for each in leaves if "may" in each.schema)
    passes = next(iter(declared.question.op().find(ops.UnboundTable)))
    every = all_rows.to_expr().select(*passes.schema.names).op()
    weighed = declared.weighed(declared.question.op().replace({passes: every}).to_expr())
    weighed = weighed.semi_join(rows.to_expr(), ["subject", "key"])""",
            ),
        ),
        killers=(SUMMING + "test_rows_that_were_taken_back_weigh_nothing_in_what_is_left",),
    ),
)

COST_BUGS: Final = (
    Bug(
        name="a claim that nobody checks",
        harm="A product claims an epsilon that its noise does not keep.",
        edits=(
            Edit(
                file="crowd/declaration.py",
                old="costs <= self.delta,",
                new="costs <= 1,",
            ),
        ),
        killers=(DECLARATION + "test_a_wrong_declaration_is_refused_and_told_what_it_lacks",),
    ),
    Bug(
        name="a sensitivity too small",
        harm="The noise hides half of what she adds.",
        edits=(
            Edit(
                file="crowd/declaration.py",
                old="return self.bound.whole_max * G",
                new="return max(self.bound.whole_max // 2, 1) * G",
            ),
        ),
        killers=(DECLARATION + "test_a_wrong_declaration_is_refused_and_told_what_it_lacks",),
    ),
    Bug(
        name="a price for the newest release only",
        harm="Each answer is cheap, and all of them together leave no doubt about her.",
        edits=(
            Edit(
                file="record/ledger.py",
                old="epsilon([*before, bill.mechanism], delta=cap.delta)",
                new="epsilon([bill.mechanism], delta=cap.delta)",
            ),
        ),
        killers=(LEDGER + "test_a_spent_budget_is_refused_and_says_on_what_it_went",),
    ),
    Bug(
        name="products that do not know of each other",
        harm="Each product keeps its own promise; of all together nobody keeps count.",
        edits=(
            Edit(
                file="crowd/book.py",
                old="scopes = (declaration.name, EVERYTHING)",
                new="scopes = (declaration.name,)",
            ),
        ),
        killers=(GATE + "test_a_passage_is_debited_by_window_and_a_day_by_day",),
    ),
    Bug(
        name="a window across midnight that is paid on one day",
        harm="The evening's share of that window is never paid for.",
        edits=(
            Edit(
                file="crowd/blocks.py",
                old="days = range(day_number(since, zone), day_number(until, zone) + 1)",
                new="days = range(day_number(until, zone), day_number(until, zone) + 1)",
            ),
        ),
        killers=(BLOCKS + "test_a_window_across_midnight_is_paid_on_both_days",),
    ),
)

WAY_OUT_BUGS: Final = (
    Bug(
        name="raw values made into released ones",
        harm="A product puts what it counted beside what was released, and both leave.",
        edits=(
            Edit(
                file="crowd/gate.py",
                old="if not released or any(type(each) is not Released for each in released):",
                new="if not released or not all(isinstance(each, Released) for each in released):",
            ),
        ),
        killers=(GATE + "test_only_released_values_are_made_into_released_values",),
    ),
    Bug(
        name="no last look",
        harm="What somebody forged in the house is served as if a gate had let it through.",
        edits=(
            Edit(
                file="outlet/leaving.py",
                old="if not promise.sources or not all(",
                new="if promise.sources is None or not any(",
            ),
        ),
        killers=(ATTACKS + "test_what_no_gate_released_never_leaves",),
    ),
)

BUGS: Final = (
    *NOISE_BUGS,
    *KEY_BUGS,
    *BOUND_BUGS,
    *LEDGER_BUGS,
    *DAY_BUGS,
    *COST_BUGS,
    *DEAL_BUGS,
    *KEEPING_BUGS,
    *WAY_OUT_BUGS,
)
