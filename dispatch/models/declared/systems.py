"""The outside systems that a desk declares in its `systems.yaml`: what they are and their bounds, never where they are.

Addresses and keys come from the environment; the file names the variables.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from dispatch.models.contract import Contract

SystemName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Variable = Annotated[str, Field(pattern=r"^DISPATCH_[A-Z][A-Z0-9_]{0,79}$", description="of the environment")]


class Bounds(Contract):
    """How long one call may take, and how much it may answer."""

    timeout_seconds: float = Field(default=10, gt=0, le=25, description="of one call, from beginning to end")
    max_bytes: int = Field(default=1_000_000, ge=1, le=20_000_000, description="of one answer")


class HttpSystem(Bounds):
    """A system with an API over HTTP that speaks JSON."""

    kind: Literal["http"]
    base_url_variable: Variable = Field(
        description="holds the base URL, with the path that all requests begin with"
    )
    key_variable: Variable | None = Field(default=None, description="holds the key that may only read")
    acting_key_variable: Variable | None = Field(
        default=None, description="holds the key that may change something; without it, no action can use it"
    )
    key_header: str = Field(
        default="Authorization",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="in which the key is sent",
    )
    key_prefix: str = Field(default="Bearer ", pattern=r"^[ -~]{0,40}$", description="before the key")
    hosts: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="hosts that the base URL may name; none: whichever the variable names",
    )


class SqlSystem(Bounds):
    """A database, of which only single statements that read are asked, each declared."""

    kind: Literal["sql"]
    engine: Literal["sqlite", "postgresql"] = Field(description="sqlite or postgresql")
    url_variable: Variable = Field(
        description="sqlite: the file's path; postgresql: postgresql://user@host/database"
    )
    key_variable: Variable | None = Field(default=None, description="postgresql: holds the password")
    max_rows: int = Field(
        default=100, ge=1, le=10_000, description="of one answer; more are refused, not cut"
    )

    @model_validator(mode="after")
    def _has_no_key_without_a_server(self) -> Self:
        if self.engine == "sqlite" and self.key_variable is not None:
            raise ValueError("a SQLite file has no password; remove key_variable")
        return self


class McpSystem(Bounds):
    """A server of the Model Context Protocol: a program of this machine, or one over streamable HTTP."""

    kind: Literal["mcp"]
    command_variable: Variable | None = Field(
        default=None, description="holds the program with its arguments"
    )
    url_variable: Variable | None = Field(default=None, description="holds the address of its endpoint")
    key_variable: Variable | None = Field(
        default=None, description="with url_variable, holds the bearer token"
    )
    hosts: tuple[str, ...] = Field(default=(), max_length=50, description="as of an HTTP system")
    tools: tuple[str, ...] = Field(
        min_length=1, max_length=100, description="that may be called; any other may not"
    )

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if (self.command_variable is None) == (self.url_variable is None):
            raise ValueError("give exactly one of command_variable, url_variable")
        if self.key_variable is not None and self.url_variable is None:
            raise ValueError("key_variable needs url_variable; a program reads its own environment")
        return self


DeclaredSystem = Annotated[HttpSystem | SqlSystem | McpSystem, Field(discriminator="kind")]


class SystemsFile(Contract):
    """The content of a desk's `systems.yaml`."""

    systems: dict[SystemName, DeclaredSystem] = Field(min_length=1)
