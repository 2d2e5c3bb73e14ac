"""What a class of an open set must have, set by set."""

from typing import ClassVar, Protocol

from activities.systems import ReadClients
from dispatch.models.contract import Contract
from dispatch.models.work.composition import ComposeBrief, Composition


class Composer(Protocol):
    """Turns findings into the desk's draft and the parameters of the action that delivers it.

    It only computes and reaches nothing: what it writes from, specialists have found.
    """

    uses: ClassVar[tuple[str, ...]]
    Config: ClassVar[type[Contract]]

    def __init__(self, clients: ReadClients) -> None: ...
    def compose(self, brief: ComposeBrief) -> Composition: ...
