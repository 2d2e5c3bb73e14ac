"""Reading at an unattended door: an internal error refuses one request and does not stop the door."""

import asyncio
import hashlib
from collections.abc import Callable

from dispatch.models.errors import DispatchError, SubmissionError
from dispatch.models.request.submission import Submission


async def read_or_refuse(
    name: str, read: Callable[[], Submission], content: Callable[[], bytes]
) -> Submission:
    """Run `read` in a thread and return its result; on an internal error raise SubmissionError that names the `content`."""
    try:
        return await asyncio.to_thread(read)
    except DispatchError:
        raise
    except Exception as error:
        raise SubmissionError(
            f"{name} met a fault of the desk ({type(error).__name__}); take it in by hand and report the fault",
            # It is in the store since before the fault.
            hashlib.sha256(await asyncio.to_thread(content)).hexdigest(),
        ) from error
