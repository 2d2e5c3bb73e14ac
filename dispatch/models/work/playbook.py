"""A desk's playbook: validated data that the coordinator, the rules and the specialists follow.

Longer than other files: the whole schema of a playbook is read in one place.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self, TypeVar

from pydantic import Field, model_validator

from dispatch.models.contract import Contract, Duration, Facts, is_unset
from dispatch.models.declared.actions import DeclaredAction
from dispatch.models.language import ENGLISH, Language, Text, in_language
from dispatch.models.request.requester import RequesterRules
from dispatch.models.work.approval_policy import ApprovalPolicy
from dispatch.models.work.calendar import Calendar
from dispatch.models.work.guidance import RespondPurpose
from dispatch.models.work.model_use import ModelBudget
from dispatch.models.work.ranking import RankingPolicy

Name = str

DeskName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
"""It is in workflow ids, search attributes and file names."""


class Tier(StrEnum):
    """Risk, from least to most; scrutiny grows with it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


_RANK = {tier: rank for rank, tier in enumerate(Tier)}


class PlaybookRef(Contract):
    """The identity of the playbook that was used."""

    desk: str
    version: str
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class Counting(StrEnum):
    """In what a wait is counted."""

    ALL_TIME = "all_time"
    WORKING_TIME = "working_time"


class Timing(Contract):
    """When to remind and when to give up, from the moment at which a wait opens."""

    reminders: tuple[Duration, ...] = Field(default=(), description="after the wait opened")
    deadline: Duration
    counts: Counting = Field(
        default=Counting.ALL_TIME,
        description="working_time: hours pass within working hours only, a day leads to the next working day",
    )
    calendar: Calendar | None = Field(
        default=None, description="with counts: working_time; where none is given, the desk's"
    )

    @model_validator(mode="after")
    def _reminds_in_order(self) -> Self:
        _check_reminders(self.reminders, self.deadline)
        if self.calendar is not None and self.counts is not Counting.WORKING_TIME:
            raise ValueError("a calendar needs counts: working_time")
        return self


T = TypeVar("T", bound=Timing)


class Waiting(Timing):
    """How the desk waits for a person: who, when to remind, when to turn to the next, when to give up."""

    approvers: tuple[str, ...] = Field(min_length=1, description="in order of escalation")
    role_names: bool = Field(
        default=False,
        strict=True,
        description="whether a role's own name may decide, as a shared mailbox; else only people of the approvers file",
    )
    escalate_after: Duration | None = Field(
        default=None, description="each time this passes, the next approver"
    )
    notify: Literal["mail", "nobody"] = Field(
        default="nobody", description="whether the people of the approvers file hear of it by mail"
    )

    @model_validator(mode="after")
    def _escalates_in_time(self) -> Self:
        if self.escalate_after is not None and self.escalate_after >= self.deadline:
            raise ValueError("escalate_after must be shorter than deadline")
        return self


def _check_reminders(reminders: tuple[Duration, ...], deadline: Duration) -> None:
    if deadline.total_seconds() <= 0:
        raise ValueError("deadline must be longer than nothing")
    if list(reminders) != sorted(set(reminders)):
        raise ValueError("reminders must grow, each longer than the one before")
    if reminders and reminders[-1] >= deadline:
        raise ValueError("the last reminder must come before deadline")


ANSWER_AFTER: Final = timedelta(days=1)


def _is_the_usual_patience(value: timedelta) -> bool:
    return value == ANSWER_AFTER


class Reception(Contract):
    """Who routes a request that no desk fits."""

    routing: Waiting = Field(description="with counts: working_time it holds its calendar itself")
    answer_after: Duration = Field(
        default=ANSWER_AFTER,
        exclude_if=_is_the_usual_patience,
        description="of a request for several desks: how long its one answer waits for the parts; what is open then is told "
        "as open, and told again once it is settled",
    )

    @model_validator(mode="after")
    def _answers_after_a_while(self) -> Self:
        if self.answer_after.total_seconds() <= 0:
            raise ValueError("answer_after must be longer than nothing")
        return self


def _is_to_start(value: str) -> bool:
    return value == "start"


class Routing(Contract):
    """What makes a request this desk's."""

    phrases: tuple[str, ...] = Field(min_length=1, description="whole words or phrases, lower case")
    after: tuple[DeskName, ...] = Field(
        default=(),
        exclude_if=is_unset,
        description="of a request for several desks: desks whose parts end before this desk's part begins",
    )
    after_failure: Literal["start", "person"] = Field(
        default="start",
        exclude_if=_is_to_start,
        description="where one of those parts was not done: this one starts all the same, or a person takes it",
    )

    @model_validator(mode="after")
    def _waits_for_something(self) -> Self:
        if self.after_failure != "start" and not self.after:
            raise ValueError("after_failure needs after, the desks whose parts come first")
        return self


class TriagePolicy(Contract):
    """What finds a request's desk and the intents of its items, and how sure it must be."""

    backend: Literal["rules", "examples"] = Field(
        default="rules",
        description="rules: the phrases; examples: a classifier that learns from the desk's examples.yaml",
    )
    in_scope: float = Field(
        default=0.7,
        ge=0,
        le=1,
        description="the least score with which a request is taken for this desk's own",
    )
    sure: float = Field(default=0.4, ge=0, le=1, description="the least score of an intent; below, a person")
    margin: float = Field(
        default=0.2, ge=0, le=1, description="the least lead over the second; below, a person"
    )


class Urgency(Contract):
    """A sign of urgency; `priority` is its level, 1 the most urgent. `ranking` says how much that counts."""

    phrases: tuple[str, ...] = Field(min_length=1)
    priority: int = Field(ge=1, le=5)


class Intent(Contract):
    """One kind of thing that this desk is asked for, and what becomes of it."""

    phrases: tuple[str, ...] = Field(min_length=1, description="whole words or phrases, lower case")
    requires: tuple[Name, ...] = Field(default=(), description="fields that must be known before work starts")
    specialists: tuple[Name, ...] = Field(default=(), description="who works on it")
    answer: Text | None = Field(
        default=None, description="a standing answer; {field} stands for a field that is required"
    )
    refuse: Text | None = Field(default=None, description="a stated refusal, with fields as in an answer")
    hand_over: str | None = Field(
        default=None,
        min_length=1,
        description="why a person takes it, once all that is required is known; shown to people of the desk alone",
    )

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        ways = (
            bool(self.specialists),
            *(way is not None for way in (self.answer, self.refuse, self.hand_over)),
        )
        if sum(ways) != 1:
            raise ValueError("give exactly one of specialists, answer, refuse, hand_over")
        return self

    def in_language(self, language: str) -> Self:
        """Return the intent with its answer and refusal in one language."""
        texts = {
            name: in_language(text, language)
            for name, text in (("answer", self.answer), ("refuse", self.refuse))
            if text is not None
        }
        return self.model_copy(update=texts)


class Writing(Contract):
    """Another way in which people write a field's value."""

    pattern: str = Field(description="a regular expression with one group, the part that becomes the value")
    value: str = Field(description="the field's one form, with {} where the group belongs")


class FieldSpec(Contract):
    """Something that the desk may have to know."""

    question: Text
    pattern: str = Field(
        description="a regular expression; found in the request, and matched in full by an answer"
    )
    example: Text
    writings: tuple[Writing, ...] = Field(
        default=(), max_length=20, description="'order no. 10001' for DD-10001; found where the pattern is"
    )
    answer_writings: tuple[Writing, ...] = Field(
        default=(),
        max_length=20,
        description="'10001' for DD-10001; only in an answer to the question, where nothing else is found",
    )
    is_description: bool = Field(
        default=False, description="whether all that is told of it in several places is one value"
    )
    enclosed: bool = Field(
        default=False,
        description="whether it is a text for the desk to work on: enclosed below a line such as 'Copy:', or attached; "
        "the pattern is not searched then",
    )


class MissingInformation(Timing):
    """How long the requester has to answer."""

    max_rounds: int = Field(default=2, ge=1, le=5)
    answer_page: bool = Field(
        default=False, description="whether a question's mail links to the page where it can be answered"
    )


class PlanPolicy(Contract):
    """The bounds of the work: nothing outside the list is called, nothing beyond the numbers."""

    groups: tuple[tuple[Name, ...], ...] = Field(
        min_length=1, description="each group in parallel, groups in order"
    )
    max_specialists: int = Field(ge=1, le=20)
    max_rounds: int = Field(default=3, ge=1, le=10, description="rounds of edit and respond")
    max_minutes: int = Field(default=10, ge=1, le=120, description="for one specialist with all its retries")


class Condition(Contract):
    """When a handoff rule fires: every part that is given must hold."""

    specialist: Name | None = None
    status: Literal["found", "nothing", "ambiguous", "unavailable"] | None = None
    intent: Name | None = Field(
        default=None, description="the request holds an item of this kind ('other' included)"
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.status is not None and self.specialist is None:
            raise ValueError("status needs a specialist")
        if self.specialist is None and self.intent is None:
            raise ValueError("give specialist with status, or intent")
        if self.specialist is not None and self.status is None:
            raise ValueError("specialist needs a status")
        return self


class RoutingRule(Contract):
    """One rule, evaluated in order after each group; the first that fires decides."""

    name: str
    when: Condition
    do: Literal["ask", "escalate", "assemble"]
    field: Name | None = Field(default=None, description="with ask")
    why: str

    @model_validator(mode="after")
    def _asks_for_a_field(self) -> Self:
        if (self.do == "ask") != (self.field is not None):
            raise ValueError("ask needs a field, and only ask has one")
        return self


class Role(Contract):
    """A specialist or reviewer as this desk uses it."""

    role: Name | None = Field(
        default=None, description="a generic role of the engine that does it; none: the class of its own name"
    )
    backend: Literal["rules", "examples", "model"] = Field(
        default="rules", description="what decides in it, of what its class can"
    )
    model: Name | None = Field(
        default=None, description="with backend: model, a language model of models.yaml"
    )
    fallback: Literal["rules", "person"] = Field(
        default="rules",
        description="with backend: model, what takes the place of an answer that cannot be used",
    )
    uses: tuple[str, ...] = Field(
        default=(),
        description="outside systems, as its class declares them and the catalogue writes; none: it runs inside the "
        "workflow's task",
    )
    config: Facts = Field(default_factory=dict, description="validated by the role's own Config")

    @model_validator(mode="after")
    def _names_its_model(self) -> Self:
        _check_model(self.backend, self.model, self.fallback)
        return self

    @property
    def is_named_in_briefs(self) -> bool:
        """Whether its implementation serves several roles, and must get the role's name."""
        return self.role is not None or self.model is not None


def _check_model(backend: str, model: str | None, fallback: str) -> None:
    if (backend == "model") != (model is not None):
        raise ValueError("backend: model needs a model, and only it has one")
    if fallback != "rules" and model is None:
        raise ValueError("fallback belongs to backend: model")


class EngineRole(Contract):
    """A role of the engine that a language model may do instead of the engine's rules."""

    backend: Literal["rules", "model"] = "rules"
    model: Name | None = Field(
        default=None, description="with backend: model, a language model of models.yaml"
    )
    fallback: Literal["rules", "person"] = Field(
        default="rules",
        description="with backend: model, what takes the place of an answer that cannot be used",
    )

    @model_validator(mode="after")
    def _names_its_model(self) -> Self:
        _check_model(self.backend, self.model, self.fallback)
        return self


class Reading(Contract):
    """What reads a request once its desk is known; `triage` above sets the thresholds for every backend."""

    intake: EngineRole = Field(default=EngineRole(), description="where one item ends and the next begins")
    triage: EngineRole = Field(default=EngineRole(), description="what each item asks; never the desk")
    extraction: EngineRole = Field(
        default=EngineRole(), description="the fields of an item in which the rules find nothing"
    )

    def roles(self) -> tuple[tuple[Name, EngineRole], ...]:
        """Return the three by their names, which are those of their prompts."""
        return ("intake", self.intake), ("triage", self.triage), ("extraction", self.extraction)


class ModelPolicy(Contract):
    """How this desk's roles use language models."""

    give_up_after: Duration = Field(
        default=timedelta(minutes=5),
        description="how long a role waits for its model, its queue and a worker's restart included",
    )
    budget: ModelBudget = Field(default=ModelBudget(), description="of one request; over it, the fallbacks")


class ReviewPolicy(Contract):
    reviewers: dict[Name, Role] = Field(min_length=1)
    max_rounds: int = Field(default=2, ge=0, le=5, description="how often a draft goes back to be mended")
    mend: tuple[Name, ...] = Field(
        default=(),
        description="who corrects the flagged parts; none: the specialists that wrote on the items concerned",
    )


class TierPolicy(Contract):
    """The scrutiny of one tier."""

    approval: ApprovalPolicy
    waiting: Waiting | None = None

    @model_validator(mode="after")
    def _waits_if_it_asks(self) -> Self:
        if (self.approval.signatures == 0) != (self.waiting is None):
            raise ValueError("waiting belongs to tiers that need an approval, and only to them")
        return self


class AmountTier(Contract):
    up_to_minor: int = Field(gt=0)
    tier: Tier


class CaseCondition(Contract):
    """What an item asks for: every part that is given must hold."""

    intent: Name | None = Field(default=None, description="the item's ('other' included)")
    field: Name | None = Field(
        default=None, description="what the action's parameter of this name says, else what was collected"
    )
    values: tuple[str, ...] = Field(
        default=(),
        max_length=200,
        description="of the field: whole values, whatever the case of their letters",
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.intent is None and self.field is None:
            raise ValueError("give intent, or field with values")
        if (self.field is None) != (not self.values):
            raise ValueError("field needs values, and values need a field")
        return self


class ActionCase(Contract):
    """What is otherwise for some of what is asked for; the first case that fits an item holds for it."""

    when: CaseCondition
    tier: Tier | None = Field(default=None, description="in the place of the action's own")
    amounts: dict[str, tuple[AmountTier, ...]] | None = Field(
        default=None, description="likewise, all of them"
    )
    approvers: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="in the place of those of the tier, in order of escalation"
    )
    why: str = Field(min_length=1, max_length=300, description="shown to the person who decides")

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.tier is None and self.amounts is None and self.approvers is None:
            raise ValueError("a case needs at least one of tier, amounts, approvers")
        _check_ascending(self.amounts or {})
        return self


class ActionPolicy(Contract):
    """How one action is guarded; above the last amount of a currency it is blocked, as is any other currency."""

    tier: Tier = Tier.LOW
    amounts: dict[str, tuple[AmountTier, ...]] = Field(
        default_factory=dict, description="by ISO 4217 currency, ascending"
    )
    editable: tuple[str, ...] = Field(default=(), description="parameters that an approver may edit")
    compensable: bool = Field(
        default=False, description="whether the action can be undone; as its class says"
    )
    requires_intent: Name | None = Field(
        default=None,
        description="the intent with whose phrases the requester must have asked for it; an action that pays has one",
    )
    give_up_after: Duration = Field(
        default=timedelta(minutes=10),
        description="how long a failing attempt is repeated before a person is asked",
    )
    follow_up_after: Duration | None = Field(
        default=None, description="read the effect back again after this"
    )

    policy: Facts = Field(default_factory=dict, description="validated by the action's own Policy")

    cases: tuple[ActionCase, ...] = Field(
        default=(), max_length=100, description="by intent and by a field's value"
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        _check_ascending(self.amounts)
        return self


def _check_ascending(amounts: dict[str, tuple[AmountTier, ...]]) -> None:
    for currency, steps in amounts.items():
        limits = [s.up_to_minor for s in steps]
        tiers = [_RANK[s.tier] for s in steps]
        if not steps or limits != sorted(set(limits)) or tiers != sorted(tiers):
            raise ValueError(f"amounts of {currency} must grow, and their tiers must not fall")


class OpinionPolicy(Contract):
    """Which model is asked for its opinion on each action; it can only raise the tier."""

    model: Name = Field(description="a language model of models.yaml")
    fallback: Literal["rules", "person"] = Field(
        default="rules",
        description="without an answer: rules, their result stands; person, the action is held as well",
    )


class GuardianPolicy(Contract):
    tiers: dict[Tier, TierPolicy]
    actions: dict[Name, ActionPolicy] = Field(min_length=1)
    opinion: OpinionPolicy | None = Field(
        default=None, description="a model's opinion on what the rules allow or hold; null: nobody's"
    )

    @model_validator(mode="after")
    def _has_who_holds(self) -> Self:
        asks = any(tier.approval.signatures for tier in self.tiers.values())
        if self.opinion is not None and not asks:
            raise ValueError("opinion needs a tier in which a person decides")
        return self


class Delivery(Contract):
    """What becomes of the findings: the action that delivers the draft, and who composes it."""

    action: Name = Field(description="runs last; guarded as guardian.actions says")
    compose: Name = Field(description="the composer that makes the draft")
    config: Facts = Field(default_factory=dict, description="validated by the composer's own Config")


class Contact(Contract):
    """How the desk asks, reminds and tells the requester, under a policy of its own."""

    channel: Name
    action: Name
    policy: ActionPolicy = Field(
        default=ActionPolicy(), description="for questions, reminders and notices, whatever a delivery needs"
    )
    compose: Name | None = Field(default=None, description="None: the composer of `deliver`, with its config")
    config: Facts = Field(default_factory=dict, description="validated by the composer's own Config")

    @model_validator(mode="after")
    def _configures_its_own(self) -> Self:
        if self.config and self.compose is None:
            raise ValueError("config needs compose, the composer that it is for")
        return self


class Playbook(Contract):
    """Everything a desk needs to know."""

    schema_id: ClassVar[str] = "dispatch.playbook/1"

    desk: DeskName
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    description: str
    languages: tuple[Language, ...] = Field(
        default=(ENGLISH,),
        min_length=1,
        description="in which requesters are written to; the first where none fits",
    )
    requesters: RequesterRules = Field(
        default=RequesterRules(), description="who writes for somebody else; read where mails come in"
    )
    routing: Routing
    triage: TriagePolicy = TriagePolicy()
    reading: Reading = Reading()
    priority: int = Field(default=3, ge=1, le=5, description="the urgency where no sign is found")
    urgency: tuple[Urgency, ...] = ()
    ranking: RankingPolicy = RankingPolicy()
    intents: dict[Name, Intent] = Field(min_length=1)
    fields: dict[Name, FieldSpec] = Field(default_factory=dict)
    missing_information: MissingInformation
    plan: PlanPolicy
    specialists: dict[Name, Role] = Field(min_length=1)
    routing_rules: tuple[RoutingRule, ...] = ()
    review: ReviewPolicy
    actions: dict[Name, DeclaredAction] = Field(
        default_factory=dict,
        max_length=50,
        description="actions without a class: how each is done; listed under guardian.actions as any other",
    )
    guardian: GuardianPolicy
    models: ModelPolicy = ModelPolicy()
    escalation: Waiting
    deliver: Delivery | None = Field(description="null: nothing is delivered, the actions are the result")
    contact: Contact | None = Field(
        default=None, description="null: the desk asks and tells the requester nothing"
    )
    notices: dict[str, Text] = Field(default_factory=dict, description="ending -> what the requester is told")
    calendar: Calendar | None = Field(
        default=None, description="working hours and holidays, for what counts working_time"
    )
    uses_guidance: tuple[RespondPurpose, ...] = Field(
        default=(),
        description="for what a role can use guidance; as the classes say and the catalogue writes",
    )

    def timed(self, timing: T) -> T:
        """Return one of its waits with the calendar that it counts in."""
        if timing.counts is Counting.ALL_TIME or timing.calendar is not None:
            return timing
        return timing.model_copy(update={"calendar": self.calendar})

    @property
    def contact_composer(self) -> tuple[Name, Facts] | None:
        """Return who writes to the requester, with which config; None where nobody does."""
        if self.contact is None:
            return None
        if self.contact.compose is not None:
            return self.contact.compose, self.contact.config
        return None if self.deliver is None else (self.deliver.compose, self.deliver.config)

    @property
    def contact_guardian(self) -> GuardianPolicy:
        """Return the guardian's policy for a message to the requester: the contact's own for its action.

        The action's own policy is that of the same action under `guardian`, unless the contact has one.
        """
        if self.contact is None:
            return self.guardian
        policy, listed = self.contact.policy, self.guardian.actions.get(self.contact.action)
        if not policy.policy and listed is not None:
            policy = policy.model_copy(update={"policy": listed.policy})
        actions = {**self.guardian.actions, self.contact.action: policy}
        return self.guardian.model_copy(update={"actions": actions})


class PlaybookInForce(Contract):
    """A playbook with the digest it was loaded with; this is what enters history."""

    ref: PlaybookRef
    playbook: Playbook
