"""The shape of one rule of a Vale style, as far as this desk runs it."""

from typing import Any, Final, Literal

from pydantic import ConfigDict, Field, field_validator

from dispatch.models.contract import Contract

NOT_RUN: Final = {
    "spelling": "spelling is checked by Harper",
    "script": "a script would run a stranger's code",
    "sequence": "it needs a tagger of parts of speech",
    "metric": "the reading level is a rule of its own (brand.yaml: reading)",
    "readability": "the reading level is a rule of its own (brand.yaml: reading)",
}
"""Kinds of Vale that this desk does not run, and why."""


class StyleAction(Contract):
    """What mends a place."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = ""
    params: tuple[str, ...] = ()


class StyleRule(Contract):
    """One file of a style; keys of Vale that only shape its output are ignored, any other unknown key is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    extends: Literal[
        "existence",
        "substitution",
        "consistency",
        "occurrence",
        "capitalization",
        "conditional",
        "repetition",
    ]
    message: str = Field(min_length=1, max_length=500)
    level: Literal["suggestion", "warning", "error"] = "warning"
    scope: str | tuple[str, ...] = "text"
    link: str = ""
    description: str = ""
    limit: int = 0
    ignorecase: bool = False
    nonword: bool = False
    append: bool = False
    tokens: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    swap: dict[str, str] = Field(default_factory=dict)
    either: dict[str, str] = Field(default_factory=dict)
    token: str = ""
    max: int | None = None
    min: int | None = None
    match: str = ""
    style: str = "AP"
    indicators: tuple[str, ...] = ()
    threshold: float = 0.8
    first: str = ""
    second: str = ""
    alpha: bool = False
    vocab: bool = True
    capitalize: bool = False
    prefix: str = ""
    action: StyleAction = StyleAction()

    @field_validator("tokens", "raw", "exceptions", "indicators", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """Take a number or a truth value for the text that it was written as, for YAML reads 'no' and '24' so."""
        if isinstance(value, list):
            return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in value)
        return value

    @field_validator("swap", "either", mode="before")
    @classmethod
    def _pairs_as_text(cls, value: Any) -> Any:
        if isinstance(value, list):
            pairs = [pair for each in value if isinstance(each, dict) for pair in each.items()]
            value = dict(pairs)
        if isinstance(value, dict):
            return {str(key): "" if each is None else str(each) for key, each in value.items()}
        return value
