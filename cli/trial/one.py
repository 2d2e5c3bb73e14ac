"""A trial of one request at one desk, with nothing sent: `dispatch desk try`."""

import json
from pathlib import Path

from cli.trail import show_trail
from cli.trial.result import REFUSED_AT_THE_DOOR, as_json
from cli.trial.server import Rest, Trial, open_trial, trial_settings
from dispatch.models.errors import SubmissionError
from runtime.desks import LoadedDesks
from runtime.doors.starting import read_request_file


async def try_desk(name: str, loaded: LoadedDesks, file: Path) -> int:
    """Run the request of a file and print what would have been done, and the trail; returns the exit code.

    Raises SubmissionError for a file that is no request, DevStackError where the servers do not start.
    """
    with trial_settings() as settings:
        submission = read_request_file(settings, file, name)
        print("a trial: a server of its own, sample data to read, and no action is carried out")
        async with open_trial(loaded, settings) as trial:
            await _print(trial, await trial.run(submission))
    return 0


async def try_desk_for_scripts(loaded: LoadedDesks, file: Path) -> int:
    """Run the request of a file as it would come in, routed by the desk's phrases, and print the result as JSON.

    A file that the door refuses has the ending `refused`, and SubmissionError is raised as for a person.
    """
    with trial_settings() as settings:
        try:
            submission = read_request_file(settings, file)
        except SubmissionError:
            if file.is_file():  # noqa: ASYNC240 (nothing else runs yet)
                print(json.dumps(REFUSED_AT_THE_DOOR))
            raise
        async with open_trial(loaded, settings) as trial:
            result = as_json(submission, await trial.run(submission))
    print(json.dumps(result, ensure_ascii=False))
    return 0


async def _print(trial: Trial, rest: Rest) -> None:
    print()
    show_trail(await trial.trail(rest.request_id), everything=False)
    print()
    if rest.status is not None and not rest.ordered:
        point = rest.status.review_point
        print(f"stops here: it awaits {point.awaiting} from {point.owner}")
    for order in rest.ordered:
        print(f"stops here: {order.bound.action.name} is ordered, and would be carried out now")
    proposal = rest.detail.proposal if rest.detail is not None else None
    for bound in proposal.actions if proposal is not None else ():
        action = bound.action
        print(
            f"would be done, once nothing holds it: {action.name} on {action.subject}, because {action.why}"
        )
        for key, value in sorted(action.parameters.items()):
            print(f"    {key}: {_indented(value)}")
    print("nothing was sent and nothing was done")


def _indented(value: object) -> str:
    """Return a parameter as text, each further line below the first, without terminal control characters."""
    lines = str(value).splitlines() or [""]
    return "\n        ".join("".join(mark if mark.isprintable() else " " for mark in line) for line in lines)
