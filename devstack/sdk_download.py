"""The SDK's download of the `temporal` program, as a separate process: `sdk_download FOLDER VERSION`.

The SDK downloads only as a side effect of starting a server and offers no time limit; a process can be ended from
outside, and a folder can be watched, so `temporal_build` runs this one and decides how long it may take.
"""

import asyncio
import os
import sys

from temporalio.testing import WorkflowEnvironment


async def download(folder: str, version: str) -> None:
    """Leave the program in `folder`, having started it once."""
    async with await WorkflowEnvironment.start_local(
        download_dest_dir=folder, dev_server_download_version=version, dev_server_log_level="error"
    ):
        pass


if __name__ == "__main__":
    code = 0
    try:
        asyncio.run(download(*sys.argv[1:]))
    except RuntimeError as error:
        print(error, file=sys.stderr, flush=True)
        code = 1
    # The SDK's native threads may abort an interpreter that is tearing down (sdk-python #300; 1 of 6 runs here, after
    # a failed download), which would bury the reason under a stack trace.
    os._exit(code)
