"""A proof as a page for people, and as JSON, both dated, in the data folder."""

from html import escape
from pathlib import Path
from string import Template
from typing import Final

import msgspec

from hubbub.prove.proof import Proof, Proved
from hubbub.run.home import Home
from hubbub.terms.time import iso

WORDS: Final = {"held": "holds", "failed": "DOES NOT HOLD", "nothing": "nothing to check"}
"""What is said of each outcome."""

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hubbub: $summary</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; }
td { border-top: 1px solid #8886; }
small { display: block; opacity: .75; overflow-wrap: anywhere; }
.failed { font-weight: bold; color: #c22; }
td:last-child { white-space: nowrap; text-align: right; }
</style>
<h1>$summary</h1>
<p>hubbub $version, checked on this machine at <time>$at</time> in $took_s seconds.
What each sentence means, and what is not promised: docs/promises.md and docs/know/gates.md.</p>
<table>
<tr><th>check<th>what is promised, and what was seen<th>outcome<th>seconds</tr>
$rows
</table>
""")


def summary_of(proof: Proof) -> str:
    """Say in one line how it went."""
    broken = sum(proved.outcome == "failed" for proved in proof.checks)
    if broken:
        return f"{broken} of {len(proof.checks)} checks: what is promised does not hold"
    return f"all {len(proof.checks)} checks: what is promised holds"


def write_proof(home: Home, proof: Proof) -> Path:
    """Write both, and give the page's path."""
    home.proofs.mkdir(parents=True, exist_ok=True)
    stem = home.proofs / f"proof-{iso(proof.at).replace(':', '')}"
    stem.with_suffix(".json").write_bytes(msgspec.json.format(msgspec.json.encode(proof)))
    page = stem.with_suffix(".html")
    page.write_text(
        _PAGE.substitute(
            summary=escape(summary_of(proof)),
            version=escape(proof.version),
            at=iso(proof.at),
            took_s=f"{proof.took_s:.0f}",
            rows="\n".join(map(_row, proof.checks)),
        )
    )
    return page


def _row(proved: Proved) -> str:
    check = proved.check
    return (
        f"<tr><td>{escape(check.name)}"
        f"<td>{escape(check.sentence)}<small>{escape(proved.told)}</small>"
        f'<td class="{proved.outcome}">{WORDS[proved.outcome]}<td>{proved.took_s:.1f}</tr>'
    )
