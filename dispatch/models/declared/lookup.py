"""The config of the generic role `lookup`, and of what any generic role recommends."""

from typing import Literal

from pydantic import Field, JsonValue

from dispatch.models.contract import Contract
from dispatch.models.declared.json_pointer import JsonPointer
from dispatch.models.declared.parameters import ParameterSpec, ValueName
from dispatch.models.declared.reads import Read, Rows, TextTemplate, ValueSource
from dispatch.models.declared.systems import SystemName


class InputValue(ValueSource):
    """One value of a read: where it comes from and what it must be; what does not fit is never sent."""

    form: ParameterSpec = Field(default=ParameterSpec(), description="its type and bounds")


class RecommendedValue(ValueSource):
    """One parameter of a recommended action."""

    type: Literal["text", "integer", "decimal", "date"] | None = Field(
        default=None, description="what it becomes; as it is where not given"
    )


class Recommendation(Contract):
    """An action that is recommended for each item that was found."""

    action: str = Field(min_length=1, description="one that `guardian.actions` lists")
    intents: tuple[str, ...] = Field(default=(), description="only for items of these; none: for any")
    when: dict[ValueName, JsonValue] = Field(
        default_factory=dict, description="only where each of these facts holds this value"
    )
    parameters: dict[ValueName, RecommendedValue] = Field(
        min_length=1,
        description="each parameter of the action; where one is not known, nothing is recommended",
    )
    why: str = Field(min_length=1, max_length=300, description="for the people who decide")


class LookupConfig(Rows):
    """One declared read, for each item or once for all with the same values, and what is kept of its answer."""

    system: SystemName = Field(description="of `systems.yaml`")
    read: Read = Field(description="what is asked")
    values: dict[ValueName, InputValue] = Field(
        default_factory=dict, max_length=30, description="what the read is filled with"
    )
    several: Literal["ambiguous", "first"] = Field(
        default="ambiguous", description="what it is where more than one row counts"
    )
    facts: dict[ValueName, JsonPointer] = Field(
        min_length=1, max_length=50, description="name: JSON pointer into the row"
    )
    evidence: TextTemplate = Field(
        max_length=500, description="what was found, in one line, with values and facts"
    )
    source: str = Field(
        default="records",
        pattern=r"^[a-z][a-z_]{0,39}$",
        description="playbook: anyone may read it; records, and any other word: only whom it is about",
    )
    recommend: tuple[Recommendation, ...] = Field(
        default=(), max_length=20, description="actions for each item that was found"
    )
