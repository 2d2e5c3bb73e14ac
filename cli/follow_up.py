"""`dispatch show ID` of a follow-up check: the effects, what was read back, and the question to a person."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from cli.request_detail import lines_of, print_sections, told_lines, trail_lines
from dispatch.models.moments import format_stamp
from dispatch.models.request.follow_up import FollowUpDetail


def show_follow_up(console: Console, detail: FollowUpDetail) -> None:
    """Print it; what came from outside is printed as it is and never read as markup."""
    sections = (
        ("Where it stands", _status(detail)),
        ("What was done, and what is there now", _checks(detail)),
        ("Who was told", told_lines(detail.trail)),
        ("The last entries of its trail", trail_lines(detail.trail)),
    )
    print_sections(console, sections, detail.status.next_command)


def _status(detail: FollowUpDetail) -> Iterator[str]:
    status, approval_request = detail.status, detail.approval_request
    yield f"{escape(status.request_id)}  [bold]{escape(status.state)}[/]"
    yield escape(f"reads back what {detail.input.request_id} did")
    yield escape(f"awaiting {status.review_point.awaiting}")
    if approval_request is not None:
        yield escape(
            f"may decide: {', '.join(approval_request.approvers)}; by {format_stamp(approval_request.deadline, seconds=False)}"
        )


def _checks(detail: FollowUpDetail) -> Iterator[str]:
    read_back = detail.verification.actions if detail.verification else ()
    found = {one.action_digest: one for one in read_back}
    for bound in detail.input.actions:
        check = found.get(bound.digest)
        said = f"{check.verdict}: {check.why}" if check else "not read back"
        yield f"[bold]{escape(bound.action.name)}[/] {escape(f'on {bound.action.subject}: {said}')}"
        yield from lines_of(bound.action.parameters)
        if check is not None and check.observation is not None:
            yield escape(
                f"    {'found' if check.observation.found else 'not found'}: {check.observation.reference}"
            )
            yield from lines_of(check.observation.facts)
