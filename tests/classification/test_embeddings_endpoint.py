"""Vectors from an endpoint that speaks OpenAI's embeddings API: the real model behind real HTTP, and what may go wrong."""

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dispatch.classification.classifiers import Classifiers
from dispatch.classification.embedder import LocalEmbedder, installed_model
from dispatch.classification.embeddings_endpoint import Endpoint, EndpointEmbedder
from dispatch.models.errors import SettingsError, UnavailableError
from dispatch.playbooks.loader import Playbooks
from runtime.classifiers import classifiers_of
from runtime.settings import Settings
from tests.classification.test_classifier import BOATS


class Server:
    """An endpoint on the loopback; `broken` is answered in the place of vectors where it is set."""

    def __init__(self) -> None:
        model = installed_model()
        assert model is not None
        self.local, self.asked = LocalEmbedder(model), list[dict[str, Any]]()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append({**body, "path": self.path, "key": self.headers.get("Authorization")})
                status, answer = server.broken or (200, server.answer(body["input"]))
                raw = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.broken: tuple[int, Any] | None = None
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.endpoint = Endpoint(f"http://127.0.0.1:{self._http.server_port}/v1", "minilm", "secret")

    def answer(self, texts: Sequence[str]) -> dict[str, Any]:
        # Twice as long as a unit, and in another order: both are the client's to put right.
        rows = [
            {"index": index, "embedding": (2 * row).tolist()}
            for index, row in enumerate(self.local.vectors(texts))
        ]
        return {"data": rows[::-1]}

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _whole(server: Server) -> None:
    server.broken = None


def test_the_vectors_are_those_of_the_model_behind_it(server: Server) -> None:
    """In the order of the texts, of length 1, asked for by model and key; many texts in several calls."""
    texts = [f"boat number {number}" for number in range(100)]
    embedder = EndpointEmbedder(server.endpoint)
    assert np.allclose(embedder.vectors(texts), server.local.vectors(texts), atol=1e-5)
    last = server.asked[-1]
    assert (last["path"], last["model"], last["key"]) == ("/v1/embeddings", "minilm", "Bearer secret")
    assert embedder.digest == EndpointEmbedder(server.endpoint).digest


@pytest.mark.parametrize(
    "broken",
    [
        (503, {}),
        (200, {"data": []}),
        (200, {"data": [{"index": 0, "embedding": ["x"]}]}),
        (200, {"data": [{"index": 0, "embedding": [None]}]}),
        (200, {"data": [{"index": 0, "embedding": []}]}),
        (200, {"data": [{"index": 0, "embedding": [0.0] * 384}]}),
        (200, {"data": [{"index": 0, "embedding": [0.5] * 383}]}),
        (200, ["odd"]),
        (302, {}),
    ],
)
def test_what_is_no_vector_counts_as_no_answer(server: Server, broken: tuple[int, Any]) -> None:
    """Never as a vector of something else."""
    embedder = EndpointEmbedder(server.endpoint)
    server.broken = broken
    with pytest.raises(UnavailableError, match="embeddings endpoint g"):
        embedder.vectors(["a boat"])


async def test_while_it_does_not_answer_ngrams_decide_and_the_reasons_say_so(
    server: Server, tmp_path: Path
) -> None:
    """At the first start too; a few requests later the vectors are back, without a restart."""
    classifiers = Classifiers({"boats": BOATS}, server.endpoint, tmp_path)
    try:
        server.broken = (503, {})
        for _ in range(6):
            read = await classifiers.understand(["boats"], ["can we rent a kayak"], "")
            assert read.by_desk["boats"][0].candidates[0].intent == "hire"
            assert read.made_by["boats"].endswith("n-grams alone: the embedder did not answer")
        server.broken = None
        made = [(await classifiers.understand(["boats"], ["a kayak"], "")).made_by["boats"] for _ in range(6)]
        assert made[-1].endswith(f"embedder {server.endpoint.digest[:12]}")
        server.broken = (503, {})
        read = await classifiers.understand(["boats"], ["a kayak"], "")
        assert read.made_by["boats"].endswith("did not answer")
    finally:
        classifiers.close()


def test_only_a_private_host_is_taken(tmp_path: Path) -> None:
    """Texts of requesters do not leave the building by a setting that somebody copied."""
    playbooks = Playbooks({}, None, {}, {"boats": BOATS})  # type: ignore[arg-type]  # the reception is not asked for
    settings = Settings(var_dir=tmp_path, embedder="https://8.8.8.8/v1#m")
    with pytest.raises(SettingsError, match="would leave the building"):
        classifiers_of(settings, playbooks)
