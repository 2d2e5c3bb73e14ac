"""Reading at a door that nobody sits at: a fault of the desk's own refuses one request and stops nothing else."""

import asyncio
import hashlib
from collections.abc import Callable

from dispatch.models.errors import DispatchError, SubmissionError
from dispatch.models.request.submission import Submission


async def read_or_refuse(
    name: str, read: Callable[[], Submission], content: Callable[[], bytes]
) -> Submission:
    """Return what `read` reads in a thread; where it fails by a fault, raise SubmissionError that names the `content`."""
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
