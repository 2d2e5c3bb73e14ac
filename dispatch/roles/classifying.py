"""A label for each item, with scores; below the margin nobody guesses, and a person says what it is."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, JsonValue, model_validator

from dispatch.models.contract import Contract, Facts
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, EvidenceSource, Finding, FindingStatus
from dispatch.roles.facts import evidence_id, facts_by_item, own_items
from dispatch.text.extraction import says


class ClassifyConfig(Contract):
    """What a playbook says of a role `classify`; `labels` with backend rules, `intents` with backend examples."""

    labels: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="label -> phrases, whole words in any case; a label without phrases only a model can give",
    )
    intents: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="label -> intents of the desk, whose examples the classifier learned",
    )
    otherwise: str | None = Field(default=None, description="the label of a text in which no phrase is found")
    sure: float = Field(default=0.5, ge=0, le=1, description="the least score; below, a person")
    margin: float = Field(
        default=0.2, ge=0, le=1, description="the least lead over the second; below, a person"
    )

    @model_validator(mode="after")
    def _has_labels(self) -> Self:
        if bool(self.labels) == bool(self.intents):
            raise ValueError("give labels (phrases) or intents, not both")
        return self

    @property
    def unphrased(self) -> tuple[str, ...]:
        """Return the labels that no phrase tells."""
        return tuple(
            label for label, phrases in self.labels.items() if not phrases and label != self.otherwise
        )


def classify(brief: Brief, config: ClassifyConfig) -> Finding:
    """Return a label for each item that this role works on; `ambiguous` where one is not sure enough.

    By phrases a label's score is its share of the longest phrases found. Where one label has no phrases the rules cannot
    tell that it is another, so nothing is sure.
    """
    if config.unphrased:
        why = f"only a model can tell {', '.join(config.unphrased)}, and none did"
        return classified(brief, config, {}, why)
    score = _by_examples if config.intents else _by_phrases
    return classified(brief, config, {item.item_id: score(item, config) for item in own_items(brief)})


def classified(
    brief: Brief,
    config: ClassifyConfig,
    scored: Mapping[str, Mapping[str, float]],
    unscored: str = "no label fits",
) -> Finding:
    """Return what scores by item and label come to. Facts by item: `label`, where it is sure, and `scores`.

    `unscored` says why an item has no scores.
    """
    items: dict[str, Facts] = {}
    evidence: list[Evidence] = []
    unsure: list[str] = []
    for item in own_items(brief):
        scores = _sorted(scored.get(item.item_id, {}))
        label = _sure_label(scores, config)
        told: dict[str, JsonValue] = {name: round(score, 3) for name, score in scores.items()}
        items[item.item_id] = {"scores": told} | ({} if label is None else {"label": label})
        words = ", ".join(f"{name} {score:.2f}" for name, score in scores.items()) or unscored
        if label is None:
            unsure.append(f"{item.item_id}: {words}")
        evidence.append(
            Evidence(
                evidence_id=evidence_id(brief.specialist, item.item_id),
                source=EvidenceSource.REQUEST,
                reference=item.item_id,
                text=f"{label or 'not sure'} ({words})",
            )
        )
    labels = ", ".join(str(facts["label"]) for facts in items.values() if "label" in facts)
    return Finding(
        handoff=brief.handoff,
        specialist=brief.specialist,
        status=FindingStatus.AMBIGUOUS if unsure else FindingStatus.FOUND,
        summary=f"not sure: {'; '.join(unsure)}" if unsure else labels,
        facts=facts_by_item(items),
        evidence=tuple(evidence),
    )


def _by_phrases(item: Item, config: ClassifyConfig) -> dict[str, float]:
    weights = {
        label: max((len(phrase.split()) for phrase in says(item.text, phrases)), default=0)
        for label, phrases in config.labels.items()
    }
    total = sum(weights.values())
    if total == 0:
        return {} if config.otherwise is None else {config.otherwise: 1.0}
    return {label: weight / total for label, weight in weights.items() if weight}


def _by_examples(item: Item, config: ClassifyConfig) -> dict[str, float]:
    by_intent = {candidate.intent: candidate.score for candidate in item.candidates}
    scores = {
        label: sum(by_intent.get(intent, 0.0) for intent in intents)
        for label, intents in config.intents.items()
    }
    if not any(scores.values()) and config.otherwise is not None:
        return {config.otherwise: 1.0}
    return {label: min(score, 1.0) for label, score in scores.items() if score}


def _sorted(scores: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda one: (-one[1], one[0])))


def _sure_label(scores: Mapping[str, float], config: ClassifyConfig) -> str | None:
    ranked = list(scores.items())
    if not ranked or ranked[0][1] < config.sure:
        return None
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0] if ranked[0][1] - second >= config.margin else None
