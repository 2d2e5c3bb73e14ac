"""150 attacks against a model that does whatever they say: no role by model lets any of them through."""

from collections import Counter
from typing import Final

import pytest

from tests.language_models.attacks.attack import DISGUISES, ENCODINGS, Attack, attacks
from tests.language_models.attacks.drafts import DRAFTING, drafting_verdicts
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
def test_no_answer_to_a_form_of_the_reading_gets_through(attack: Attack) -> None:
    """Within the schema and outside of it: whatever a model answers is refused, before a person, or without effect."""
    for role in ROLES:
        assert verdicts(role, attack)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_no_answer_to_a_form_of_a_draft_gets_through(attack: Attack) -> None:
    """A letter says what the rules wrote, what they flag stays flagged, and a value stands in the requester's own words."""
    for role in DRAFTING:
        assert drafting_verdicts(role, attack)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.id)
def test_no_attack_makes_words_that_pay(attack: Attack) -> None:
    """A refund needs a plain sentence of the customer's own; the customer's own ask is one, and no attack adds another."""
    if "refund" not in attack.asks and "money back" not in attack.asks:
        assert not pays(brief_of(attack))


def test_the_page_of_attacks_is_current() -> None:
    """Each attack stands there with what stopped it; after a change write it anew with `python -m`."""
    assert FILE.read_text(encoding="utf-8") == table()
