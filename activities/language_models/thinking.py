"""Which roles a language model may do, and under which type of activity."""

from typing import Any, Final

from activities.catalogue import Catalogue
from activities.contracts import Systems
from activities.language_models.asking import Thinking
from activities.language_models.guardian_opinion import GuardianOpinion
from dispatch.models.work.finding import Brief, FindingByModel
from dispatch.models.work.guardian import GUARDIAN, OPINION, OpinionBrief, OpinionByModel
from dispatch.models.work.proposal import ReviewBrief, ReviewByModel

_MODEL: Final = "model"


def thinkers(catalogue: Catalogue) -> list[Thinking]:
    """Return the specialists and reviewers that a model may do, each under the type of the activity of its rules.

    A class says so in its `backends`; such a role uses no system. Besides, the guardian's question.
    """
    specialists = {f"specialist.{name}": kind for name, kind in catalogue.specialist_classes.items()}
    generic = {f"role.{name}": kind for name, kind in catalogue.generic_specialists.items()}
    reviewers = {f"reviewer.{name}": kind for name, kind in catalogue.reviewer_classes.items()}
    judges = {f"role.{name}": kind for name, kind in catalogue.generic_reviewers.items()}
    return [
        *(_examining(name, kind) for name, kind in {**specialists, **generic}.items() if _thinks(kind)),
        *(_reviewing(name, kind) for name, kind in {**reviewers, **judges}.items() if _thinks(kind)),
        Thinking(
            OPINION,
            GuardianOpinion(),
            OpinionBrief,
            OpinionByModel,
            lambda brief: (brief.bound.playbook.desk, GUARDIAN),
        ),
    ]


def _thinks(kind: type[Any]) -> bool:
    return _MODEL in getattr(kind, "backends", ())


def _examining(activity_type: str, kind: type[Any]) -> Thinking:
    return Thinking(
        activity_type, kind(Systems()), Brief, FindingByModel, lambda brief: (brief.desk, brief.specialist)
    )


def _reviewing(activity_type: str, kind: type[Any]) -> Thinking:
    return Thinking(
        activity_type, kind(Systems()), ReviewBrief, ReviewByModel, lambda brief: (brief.desk, brief.reviewer)
    )
