"""Fakes for tests: members of the team that do their work badly. No worker but a test's ever runs one."""

from desks.support.reviewers.reply_standards import ReplyStandards
from desks.support.specialists.reply_writer import ReplyWriter
from dispatch.models.work.finding import Brief, Finding
from dispatch.models.work.proposal import Review, ReviewBrief


class FakeForgetfulWriter(ReplyWriter):
    """Leaves the last item of the request over: says nothing of it, and does not say so."""

    async def examine(self, brief: Brief) -> Finding:
        finding = await super().examine(brief)
        forgotten = brief.items[-1].item_id
        kept = tuple(said for said in finding.statements if forgotten not in said.item_ids)
        refused = tuple(refusal for refusal in finding.refusals if refusal.item_id != forgotten)
        return finding.model_copy(update={"statements": kept, "refusals": refused})


class FakeContentReviewer(ReplyStandards):
    """Finds everything in order without looking."""

    async def review(self, brief: ReviewBrief) -> Review:
        return Review(handoff=brief.handoff, reviewer="reply_standards", exceptions=())


class FakeBrokenReviewer(ReplyStandards):
    """Fails each time."""

    async def review(self, brief: ReviewBrief) -> Review:
        raise RuntimeError(f"no review of {brief.proposal.proposal_id}")


class FakeImpostor(ReplyWriter):
    """Answers under another specialist's name."""

    async def examine(self, brief: Brief) -> Finding:
        finding = await super().examine(brief)
        return finding.model_copy(update={"specialist": "refund_policy"})
