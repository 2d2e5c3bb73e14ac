"""Records what was read back; anything but confirmed goes to a person."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from dispatch.models.request.status import Ending
    from dispatch.models.trail import EntryKind
    from dispatch.models.work.verification import Verification, VerificationVerdict
    from workflows.parts.endings import EndedEarlyError
    from workflows.parts.trail_recorder import TrailRecorder


def record_read_back(recorder: TrailRecorder, verification: Verification) -> None:
    """Record the verification. Raises EndedEarlyError (escalated) unless all is confirmed."""
    problems = "; ".join(verification.not_confirmed)
    recorder.record(
        EntryKind.VERIFICATION,
        what=verification.verdict,
        why=problems or "all read back as ordered",
        sender="verifier",
        about=verification,
    )
    if verification.verdict is not VerificationVerdict.CONFIRMED:
        raise EndedEarlyError(Ending.ESCALATED, problems)
