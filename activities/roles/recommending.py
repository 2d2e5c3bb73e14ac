"""The recommendations of a declared role: actions with checked values and people's edits as parameters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pydantic import JsonValue

from activities.roles.contracts import RoleContext, RoleProblem
from activities.roles.values import value_of
from dispatch.models.canonical import canonical_json
from dispatch.models.contract import Facts
from dispatch.models.declared.lookup import Recommendation
from dispatch.models.declared.parameters import ParameterSpec
from dispatch.models.declared.reads import ValueSource, same
from dispatch.models.request.item import Item
from dispatch.models.work.finding import Brief, Evidence, RecommendedAction

_QUOTED: Final = 500


class Recommended(NamedTuple):
    """The actions, and the evidence that they cite in addition to the finding's own."""

    actions: tuple[RecommendedAction, ...]
    evidence: tuple[Evidence, ...]


def recommend(
    recommendations: Sequence[Recommendation],
    brief: Brief,
    found: Mapping[str, Mapping[str, JsonValue]],
    evidence_of: Mapping[str, str],
) -> Recommended:
    """Return what is recommended for the items that were found, each once for the same parameters.

    `found` holds the facts of the finding by item id, `evidence_of` the evidence that each item's facts rest on. What a
    person rejected is left out; what a person edited is set. An item of which a parameter is not known has no action.
    """
    actions: dict[str, RecommendedAction] = {}
    evidence: dict[str, Evidence] = {}
    declined = {one.effect for one in brief.declined}
    for item in brief.items:
        for one in recommendations:
            facts = found.get(item.item_id)
            if facts is None or not _applies(one, item, facts):
                continue
            parameters = _parameters(one, brief, item, facts)
            if parameters is None or f"{one.action}/{item.item_id}" in declined:
                continue
            parameters |= _edits(brief, f"{one.action}/{item.item_id}")
            asked = _request_evidence(brief, item)
            cited = tuple(dict.fromkeys((evidence_of[item.item_id], asked.evidence_id)))
            evidence[asked.evidence_id] = asked
            same_effect = f"{one.action} {canonical_json(parameters)}"
            if (earlier := actions.get(same_effect)) is not None:
                actions[same_effect] = earlier.model_copy(
                    update={
                        "item_ids": (*earlier.item_ids, item.item_id),
                        "evidence_ids": tuple(dict.fromkeys((*earlier.evidence_ids, *cited))),
                    }
                )
                continue
            actions[same_effect] = RecommendedAction(
                name=one.action,
                subject=item.item_id,
                parameters=parameters,
                item_ids=(item.item_id,),
                why=one.why,
                evidence_ids=cited,
            )
    return Recommended(tuple(actions.values()), tuple(evidence.values()))


def _applies(one: Recommendation, item: Item, facts: Mapping[str, JsonValue]) -> bool:
    if one.intents and item.kind not in one.intents:
        return False
    return all(same(facts.get(name), value) for name, value in one.when.items())


def _parameters(
    one: Recommendation, brief: Brief, item: Item, facts: Mapping[str, JsonValue]
) -> Facts | None:
    parameters: Facts = {}
    for name, source in one.parameters.items():
        value = value_of(source, brief, item, facts)
        if value is None:
            return None
        if source.type is not None:
            try:
                value = ParameterSpec(type=source.type, max_length=10_000).read(value)
            except ValueError:
                return None
        parameters[name] = value
    return parameters


def _edits(brief: Brief, effect: str) -> Facts:
    edits: Facts = {}
    for said in brief.guidance:
        if effect not in said.superseded:
            edits |= said.edits.get(effect, {})
    return edits


def _request_evidence(brief: Brief, item: Item) -> Evidence:
    return Evidence(
        evidence_id=f"{brief.specialist}.request.{item.item_id}",
        source="request",
        reference=item.item_id,
        text=item.text[:_QUOTED],
    )


def recommendation_problems(
    recommendations: Sequence[Recommendation], facts: Iterable[str], context: RoleContext
) -> Iterator[RoleProblem]:
    """Yield the errors of recommendations; `facts` are the names of the role's own facts."""
    own, playbook = set(facts), context.playbook
    for index, one in enumerate(recommendations):
        path = f"recommend[{index}]"
        if one.action not in playbook.guardian.actions:
            known = ", ".join(playbook.guardian.actions)
            yield RoleProblem(
                f"{path}.action",
                f"guardian.actions does not list {one.action!r}, so it would be blocked",
                f"Add it to guardian.actions, or name one of: {known}.",
            )
        for intent in one.intents:
            if intent not in playbook.intents:
                yield RoleProblem(
                    f"{path}.intents",
                    f"there is no intent {intent!r}",
                    f"Name one of: {', '.join(playbook.intents)}.",
                )
        for name in one.when:
            if name not in own:
                yield _no_fact(f"{path}.when.{name}", name, own)
        for name, source in one.parameters.items():
            yield from source_problems(f"{path}.parameters.{name}", source, context, own)
        declared = playbook.actions.get(one.action)
        if declared is not None and one.parameters.keys() != declared.http_call.parameters.keys():
            yield RoleProblem(
                f"{path}.parameters",
                f"they are {', '.join(one.parameters)}, and {one.action} has {', '.join(declared.http_call.parameters)}",
                "Give each parameter of the action once.",
            )


def source_problems(
    path: str, source: ValueSource, context: RoleContext, own: set[str]
) -> Iterator[RoleProblem]:
    """Yield the errors of a value's source."""
    playbook = context.playbook
    if source.field is not None and source.field not in playbook.fields:
        yield RoleProblem(
            f"{path}.field",
            f"there is no field {source.field!r}",
            f"Add it to fields, or name one of: {', '.join(playbook.fields) or 'none yet'}.",
        )
    if source.finding is not None and source.finding not in playbook.specialists:
        yield RoleProblem(
            f"{path}.finding",
            f"there is no specialist {source.finding!r}",
            f"Name one of: {', '.join(playbook.specialists)}.",
        )
    if source.fact is not None and source.finding is None and source.fact not in own:
        yield _no_fact(f"{path}.fact", source.fact, own)


def _no_fact(path: str, name: str, own: set[str]) -> RoleProblem:
    return RoleProblem(
        path,
        f"there is no fact {name!r}",
        f"Name one of: {', '.join(sorted(own)) or 'none'}; or give finding.",
    )
