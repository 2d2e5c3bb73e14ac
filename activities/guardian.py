"""Inspects each action alone, on what it reads itself immediately before it rules.

An action that spends is ruled on together with what other requests of the same owner spend: its request first reserves
in the owner's quota, which puts requests into one order. What facts alone block reserves nothing.
"""

from collections.abc import Awaitable, Callable, Mapping

from pydantic import ValidationError
from temporalio import activity

from activities.contracts import Action, FactsContext, Systems
from activities.failures import translated
from activities.quotas.spend_quota import Reserve, reserve_in_quota
from dispatch.guard.contract import kind_of, with_view
from dispatch.guard.guardian import inspect
from dispatch.guard.spend_quota import claims_of
from dispatch.models.contract import Contract
from dispatch.models.work.guardian import GuardBrief, GuardDecision, GuardianFacts, GuardResult
from dispatch.models.work.mail_quota import MailQuotaAnswer
from dispatch.models.work.spend_quota import ReserveRequest

OwnLinks = Callable[[str, str], tuple[str, ...]]
"""Text, request id -> the links in it to the answer page of that request."""

ReserveMail = Callable[[str, str], Awaitable[MailQuotaAnswer]]
"""Recipient, key of the mail -> whether one more automatic mail to that address is within the hour's limit."""


class Guardian:
    """Reads with the desk's reading systems; what specialists found is not taken on trust.

    `actions` are the classes of the actions by name (`Catalogue.action_classes`). `own_links` returns the links of a text
    that open the answer page of a request and were signed by this desk, `reserve` asks an owner's quota,
    `reserve_mail` the hourly one; without the latter there is no hourly limit.
    """

    def __init__(
        self,
        systems: Systems,
        actions: Mapping[str, type[Action]],
        own_links: OwnLinks | None = None,
        *,
        reserve: Reserve = reserve_in_quota,
        reserve_mail: ReserveMail | None = None,
    ) -> None:
        self._systems, self._actions, self._own_links = systems, actions, own_links
        self._reserve, self._reserve_mail = reserve, reserve_mail

    @activity.defn(name="guardian.inspect")
    async def inspect(self, brief: GuardBrief) -> GuardResult:
        """Gather the facts that the action needs and rule on it (dispatch/guard/guardian.py).

        Run as a local activity, it repeats its brief in the result: history keeps no input of such an activity, and
        the audit reads it. Raises ApplicationError (see activities/failures.py) if a fact cannot be read, or nothing
        can be reserved: no decision is ever made on a part.
        """
        with translated():
            guard_result = await self._ruled(brief)
        return guard_result.model_copy(update={"brief": brief}) if activity.info().is_local else guard_result

    async def _ruled(self, brief: GuardBrief) -> GuardResult:
        # What they spend is read from their parameters here, not taken over from whoever assembled them.
        brief = brief.model_copy(
            update={
                "bound": with_view(brief.bound, self._actions),
                "siblings": tuple(with_view(each, self._actions) for each in brief.siblings),
            }
        )
        kind = kind_of(brief.bound, self._actions)
        parameters = _parameters(brief, kind)
        if kind is None or parameters is None or brief.bound.action.name not in brief.policy.actions:
            return inspect(brief, GuardianFacts(), self._actions)  # there is nothing to read
        policy = kind.Policy.model_validate(brief.policy.actions[brief.bound.action.name].policy)
        facts = await self._facts(brief, kind, parameters, policy)
        guard_result = inspect(brief, facts, self._actions)
        if guard_result.decision is not GuardDecision.BLOCK:
            facts = await self._counted(brief, facts, kind, policy)
            guard_result = inspect(brief, facts, self._actions)
        sending = kind.sends(parameters)
        unsent = guard_result.decision is not GuardDecision.ALLOW or brief.told_elsewhere
        if self._reserve_mail is None or unsent or sending is None:
            return guard_result
        # Last, for what a person decides on is no automatic mail and takes no place of the hour's.
        answer = await self._reserve_mail(sending.recipient, brief.bound.idempotency_key)
        return inspect(brief, facts.model_copy(update={"mail_quota": answer}), self._actions)

    async def _facts(
        self, brief: GuardBrief, kind: type[Action], parameters: Contract, policy: Contract
    ) -> GuardianFacts:
        own_links, request_id = self._own_links, brief.bound.request_id
        context = FactsContext(
            bound=brief.bound,
            parameters=parameters,
            requester=brief.requester,
            policy=policy,
            now=brief.handoff.at,
            own_links=lambda text: own_links(text, request_id) if own_links else (),
        )
        facts = await kind.facts(self._systems.only(kind.uses), context)
        return GuardianFacts(action=facts.model_dump(mode="json"))

    async def _counted(
        self, brief: GuardBrief, facts: GuardianFacts, kind: type[Action], policy: Contract
    ) -> GuardianFacts:
        """Return the facts with what other requests of the same owner have reserved, and reserve for this one."""
        owner = next(iter(claims_of([brief.bound])), None)
        if owner is None:
            return facts
        # Reads may come first: what another request pays in between stays in the quota as long as it counts.
        reserved = await self._reserve(
            brief.bound.playbook.desk,
            owner,
            ReserveRequest(
                request_id=brief.bound.request_id,
                as_of=brief.handoff.at,
                claims=claims_of((brief.bound, *brief.siblings))[owner],
                window=kind.spending_window(policy),
            ),
        )
        return facts.model_copy(update={"reserved": reserved.others, "quota_full": reserved.full})


def _parameters(brief: GuardBrief, kind: type[Action] | None) -> Contract | None:
    """Read the parameters; None where they are wrong, which the rules block."""
    try:
        return kind.Parameters.model_validate(brief.bound.action.parameters) if kind is not None else None
    except ValidationError:
        return None
