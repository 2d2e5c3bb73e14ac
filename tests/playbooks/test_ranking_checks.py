"""The weights of a playbook's `ranking`: what is refused, and what holds without them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dispatch.models.errors import PlaybookError
from dispatch.models.work.ranking import RankingPolicy
from dispatch.playbooks.loader import load_playbooks
from tests.asked import playbook_content

RECEPTION = "routing:\n  approvers: [reception]\n  deadline: 1 day\n"


@pytest.mark.parametrize(
    ("path", "value", "where", "problem"),
    [
        ("ranking.urgency", [1, 2, 3, 4, 5], "ranking", "urgency must not grow from one level to the next"),
        ("ranking.urgency", [1, 0], "ranking.urgency", "at least 5 items"),
        (
            "ranking.priorities",
            [30, 20, 20, 0],
            "ranking",
            "priorities must fall, each lower than the one before",
        ),
        (
            "ranking.deadline",
            [{"within": "3 days", "points": 5}, {"within": "1 day", "points": 1}],
            "ranking",
            "deadline must reach further",
        ),
        (
            "ranking.deadline",
            [{"within": "soon", "points": 5}],
            "ranking.deadline[0].within",
            "is not a duration",
        ),
        (
            "ranking.value",
            {"EUR": [{"from_minor": 9, "points": 5}, {"from_minor": 8, "points": 6}]},
            "ranking",
            "value in EUR must grow",
        ),
        ("ranking.value", {"euro": []}, "ranking.value.euro", "no ISO 4217 currency"),
        ("ranking.waiting_per_day", 0, "ranking.waiting_per_day", "greater than or equal to 1"),
        (
            "ranking.shares",
            {"mail.partner.example": 2},
            "ranking.shares.mail.partner.example",
            "no organisation",
        ),
        (
            "ranking.shares",
            {"partner.example": 0},
            "ranking.shares.partner.example",
            "greater than or equal to 0.001",
        ),
        ("ranking.tiers", {"gold": 1}, "ranking.tiers", "the field 'tiers' is unknown"),
    ],
)
def test_weights_that_contradict_themselves_are_refused(
    tmp_path: Path, path: str, value: Any, where: str, problem: str
) -> None:
    """Each mistake in `ranking` is named by its place, in one sentence."""
    with pytest.raises(PlaybookError) as caught:
        _ranking(tmp_path, ranking={path.removeprefix("ranking."): value})
    assert caught.value.path == where
    assert problem in caught.value.problem


def test_a_playbook_without_ranking_has_the_documented_weights(tmp_path: Path) -> None:
    """Nothing has to be written for a rank by urgency and deadline."""
    ranking = _ranking(tmp_path)
    assert (ranking.urgency, ranking.priorities) == ((40, 20, 0, -20, -40), (40, 20, 0, -20))
    assert (ranking.value, ranking.customer_tiers, ranking.waiting_per_day) == ({}, {}, 10)


def _ranking(folder: Path, **changes: Any) -> RankingPolicy:
    (folder / "reception.yaml").write_text(RECEPTION, encoding="utf-8")
    (folder / "support.yaml").write_text(yaml.safe_dump(playbook_content(**changes)), encoding="utf-8")
    return load_playbooks(folder).by_desk["support"].playbook.ranking
