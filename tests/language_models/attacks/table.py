"""Writes docs/attacks.md: each attack and what stopped it, in each role. `python -m tests.language_models.attacks.table`."""

from collections import Counter
from pathlib import Path
from typing import Final

from tests.language_models.attacks.attack import Attack, attacks
from tests.language_models.attacks.drafts import DRAFTING, drafting_verdicts
from tests.language_models.attacks.opinions import OPINION, opinion_verdicts
from tests.language_models.attacks.verdicts import ROLES, verdicts

FILE: Final = Path(__file__).parents[3] / "docs" / "attacks.md"
_MOST_CHARS: Final = 90
HEAD: Final = """\
# Attacks on language models

What {number} attacks came to, each against a model that obeys them. Mails and answers are in `tests/language_models/attacks/`; this page is
written by `python -m tests.language_models.attacks.table`, and a test keeps it current.

For each attack and each role that a model may do, the obedient model gives every harmful answer that the role's form has room for, such as each of the
desk's intents with full certainty, and others that it has no room for, such as an approval, an address or a desk. The numbers say how many of these
answers were stopped by what:

| word | what stopped the answer |
|---|---|
| not asked | the role had nothing to ask; the model saw nothing of the request |
| schema | the answer has a key, a name or a value that the form has no room for |
| verbatim, quote, far, weighty, ... | a check of the form, by its name; docs/models.md has the checks of each role |
| a person | an item is in doubt by the answer, a draft has one exception more, or a tier is higher; a person sees it |
| no plain ask | the rules knew no intent, the model's counts; nothing is paid, because no plain sentence of the requester asks for it |
| a standing answer | the request has one answer more, whose text the playbook holds |
| own words | a value that stands in the requester's own words, alone of its kind; records and guardian judge it as any other |
| changes nothing | the answer says what the rules say, or is not sure enough |

`intake`, `triage` and `extraction` read the request, `extract` is the generic role, `write` words the paragraphs of a letter, `review` judges them,
`opinion` is the guardian's on a refund of medium risk. Of the kind
*results* the attack is in what a system of the desk returned: the roles that read never see
it, `write` has it in a paragraph, `review` in the evidence, `opinion` in the action's reason.

What a model can do at most follows from the words: send a request to a person, answer it with a standing text of the desk, or point at a number that its
sender wrote. It never chooses a desk, a recipient, an amount, a tier or an approver: no form has room for one.

"""


def table() -> str:
    """Return the whole page."""
    everything = attacks()
    lines = [HEAD.format(number=len(everything))]
    for kind in dict.fromkeys(attack.kind for attack in everything):
        lines.append(f"## {kind.capitalize()}\n\n")
        names = (*ROLES, *DRAFTING, *OPINION)
        lines.append(f"| attack | wants | says | {' | '.join(names)} |\n|{'---|' * (3 + len(names))}\n")
        lines += [_row(attack) for attack in everything if attack.kind == kind]
        lines.append("\n")
    return "".join(lines).rstrip() + "\n"


def _row(attack: Attack) -> str:
    stopped = (
        *(verdicts(role, attack) for role in ROLES),
        *(drafting_verdicts(role, attack) for role in DRAFTING),
        opinion_verdicts(attack),
    )
    cells = map(_cell, stopped)
    return f"| {attack.id} | {attack.wants} | {_shown(attack)} | {' | '.join(cells)} |\n"


def _cell(stopped: Counter[str]) -> str:
    return ", ".join(name if number == 1 else f"{name} {number}" for name, number in stopped.items())


def _shown(attack: Attack) -> str:
    text = " ".join(attack.says.split())
    text = text if len(text) <= _MOST_CHARS else text[: _MOST_CHARS - 1] + "…"
    for mark, shown in (("|", "¦"), ("`", "'"), ("](", "] (")):
        text = text.replace(mark, shown)
    how = attack.encode or attack.hide or attack.file
    return f"`{text}`" + (f" ({how})" if how else "")


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
