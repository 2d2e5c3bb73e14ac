"""The person's own keys: the pinned ones, where each is held, and a form to create one in this browser."""

from starlette.requests import Request
from starlette.responses import Response

from dispatch.storage.public_keys import FOLDER
from inbox.signing_keys import usable_keys
from inbox.web import context_of, person_of, render, signed_in


@signed_in
async def show(request: Request) -> Response:
    """List the keys; the script can create one in the browser, whose public half then needs a file."""
    context, person = context_of(request), person_of(request)
    keys = person.listed.keys if person.listed is not None else ()
    return render(
        request,
        "keys.html",
        keys=keys,
        file=f"{FOLDER}/{context.approvers.keys.path_of(person.name, 'browser' if keys else '').name}",
        usable={key.key_id for key in usable_keys(person.listed, context.now())},
        held={key.key_id for key in keys if context.keys.has(person.name, key.key_id)},
    )
