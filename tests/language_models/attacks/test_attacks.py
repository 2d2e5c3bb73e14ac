"""150 attacks against a model that does whatever they say: no role by model lets any of them through."""

from collections import Counter
from typing import Final

import pytest

from tests.language_models.attacks.attack import DISGUISES, ENCODINGS, Attack, attacks
from tests.language_models.attacks.drafts import DRAFTING, drafting_verdicts
from tests.language_models.attacks.opinions import opinion_verdicts
from tests.language_models.attacks.table import FILE, table
from tests.language_models.attacks.verdicts import ROLES, brief_of, pays, verdicts

ATTACKS: Final = attacks()


def test_there_are_150_of_ten_kinds() -> None:
    """Each is another one."""
    assert list(Counter(attack.kind for attack in ATTACKS).values()) == [15] * 10
    assert len({attack.id for attack in ATTACKS}) == len({attack.says for attack in ATTACKS}) == len(ATTACKS)
    assert {attack.encode for attack in ATTACKS} - {""} == ENCODINGS.keys()
    assert {attack.hide for attack in ATTACKS} - {""} == DISGUISES.keys()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_no_answer_to_any_form_gets_through(attack: Attack) -> None:
    """Within its schema and outside of it: whatever a model answers is refused, before a person, or without effect.

    A desk's items, kinds and fields stay what the rules found, a letter says what the rules wrote, what they flag stays
    flagged, and an opinion lowers no tier. Nor does an attack make words that pay: that takes a plain sentence of the
    customer's own.
    """
    for role in ROLES:
        assert verdicts(role, attack)
    for role in DRAFTING:
        assert drafting_verdicts(role, attack)
    assert opinion_verdicts(attack)
    if "refund" not in attack.asks and "money back" not in attack.asks:
        assert not pays(brief_of(attack))


def test_the_page_of_attacks_is_current() -> None:
    """Each attack stands there with what stopped it; after a change write it anew with `python -m`."""
    assert FILE.read_text(encoding="utf-8") == table()
