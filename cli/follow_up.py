"""`starter.py show ID` of a follow-up check: what was done, what was found when it was read back, what is asked."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape

from cli.request_detail import lines_of, print_sections, trail_lines
from dispatch.models.request.follow_up import FollowUpDossier


def show_follow_up(console: Console, dossier: FollowUpDossier) -> None:
    """Print it; what came from outside is printed as it is and never read as markup."""
    sections = (
        ("Where it stands", _standing(dossier)),
        ("What was done, and what is there now", _checks(dossier)),
        ("The last entries of its trail", trail_lines(dossier.trail)),
    )
    print_sections(console, sections, dossier.status.next_command)


def _standing(dossier: FollowUpDossier) -> Iterator[str]:
    status, gate = dossier.status, dossier.gate
    yield f"{escape(status.request_id)}  [bold]{escape(status.state)}[/]"
    yield escape(f"reads back what {dossier.order.request_id} did")
    yield escape(f"awaiting {status.review_point.awaiting}")
    if gate is not None:
        yield escape(
            f"may decide: {', '.join(gate.approvers)}; by {gate.deadline.isoformat(timespec='minutes')}"
        )


def _checks(dossier: FollowUpDossier) -> Iterator[str]:
    read_back = dossier.verification.actions if dossier.verification else ()
    found = {one.action_digest: one for one in read_back}
    for bound in dossier.order.actions:
        check = found.get(bound.digest)
        said = f"{check.verdict}: {check.why}" if check else "not read back"
        yield f"[bold]{escape(bound.action.name)}[/] {escape(f'on {bound.action.subject}: {said}')}"
        yield from lines_of(bound.action.parameters)
        if check is not None and check.observation is not None:
            yield escape(
                f"    {'found' if check.observation.found else 'not found'}: {check.observation.reference}"
            )
            yield from lines_of(check.observation.facts)
