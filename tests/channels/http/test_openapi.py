"""The OpenAPI document is true: it is valid, and what is answered is what it says."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from temporalio.client import Client

from dispatch.models.errors import UnavailableError
from dispatch.storage.api_keys import Scope
from runtime.gateway import Gateway
from tests.channels.http.serving import Served, mail, served, written


async def _every_answer(door: Served) -> None:
    """Bring about each answer that one door gives."""
    sent = (await door.post()).json()
    await door.post_mail(mail().replace(b"\r\n\r\n", b"\r\nAuto-Submitted: auto-replied\r\n\r\n", 1))
    await door.call("GET", f"/requests/{sent['id']}")
    await door.call("GET", "/requests/unknown")
    for key in (None, door.make_key(Scope.READ)):
        await door.post(key=key)
    for key in (None, door.make_key(Scope.WRITE)):
        await door.call("GET", "/requests/unknown", key=key)
    await door.post(b"{")
    await door.post(b"x" * 70_000)
    await door.post(b"hello", headers={"Content-Type": "text/plain"})
    await door.post(written(surprise=1))

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1)

    await door.call("POST", "/requests", content=slow(), headers={"Content-Type": "application/json"})
    often = door.make_key(name="often")
    while (await door.call("GET", "/requests/unknown", key=often)).status_code != 429:
        pass
    await door.post(key=often)


async def test_every_documented_answer_is_given_as_documented(client: Client, tmp_path: Path) -> None:
    """Each status of each route is seen, none other is, and every body and header is as the document says."""

    async def away() -> Client:
        raise UnavailableError("Temporal does not answer")

    bounds = {"max_mail_bytes": 65_536, "body_seconds": 0.3, "http_calls_a_minute": 20}
    async with served(Gateway.over(client), tmp_path / "one", **bounds) as door:
        await _every_answer(door)
        document = (await door.http.get("/openapi.json")).json()
    async with served(Gateway(away), tmp_path / "two") as closed:
        await closed.post()
        await closed.call("GET", "/requests/unknown")
    OpenAPIV31SpecValidator(document).validate()
    documented = {
        (method, route, status)
        for route, methods in document["paths"].items()
        for method, operation in methods.items()
        for status in operation["responses"]
    }
    answers = [*door.answers, *closed.answers]
    assert {(method, route, str(answer.status_code)) for method, route, answer in answers} == documented
    for method, route, answer in answers:
        told = document["paths"][route][method]["responses"][str(answer.status_code)]
        (media_type, content), *_ = told["content"].items()
        assert answer.headers["content-type"] == media_type
        assert all(name in answer.headers for name in told.get("headers", {})), (answer, told)
        schema = content["schema"] | {"components": document["components"]}
        OAS31Validator(schema).validate(answer.json())


async def test_the_documented_body_is_the_one_that_is_read(door: Served) -> None:
    """What the document's schema refuses is refused, and what it takes is taken in."""
    document = (await door.http.get("/openapi.json")).json()
    schema = document["components"]["schemas"]["JsonRequest"] | {"components": document["components"]}
    for body, good in (
        (
            written(
                trigger_id=uuid.uuid4().hex, name="Jane", subject="Hours", language="de", fields={"a": "b"}
            ),
            True,
        ),
        (written(sender="jane@mail.example"), False),
        ({"from": "jane@mail.example"}, False),
        (written(fields={"a": 1}), False),
        (written(**{"from": "two@mail.example, three@mail.example"}), False),
    ):
        assert OAS31Validator(schema).is_valid(body) is good, body
        assert ((await door.post(body)).status_code == 202) is good
