"""The errors that a person may see, as a tree.

DispatchError
├── SettingsError        a setting is wrong; names the variable
├── AmountError          what was typed is no amount of a currency
├── SubmissionError      a request cannot be taken in; names the file
├── RequestNotFoundError there is no request of this id
├── RequestClosedError   the request has ended and takes no more messages
├── WorkerUnavailableError  no worker answers for the request
├── UnreadableTextError  a text takes too long or too much memory to read; a person reads it
├── PlaybookError        a playbook is wrong; names file, path in it and remedy
├── DeskFolderError      there is no such desk, or its folder cannot be made
├── EvalsError           cases to measure a desk by cannot be read; names the file
├── CatalogueError       a specialist, reviewer or action file is wrong
├── FactsMissingError    what a guard was given does not suffice under this policy
├── ApproversError       the approvers file is wrong; names file, path in it and remedy
├── KeysError            a private key cannot be made or used
├── DevStackError        the embedded servers cannot start
├── AuditStoreError      the audit store cannot be read, written or trusted
│   ├── WriteConflictError    another writer appended first: read on and try again
│   └── ChainNotTrustedError  the chain is not as this machine left it: nothing is signed on top until a person says so
└── ClientError          an outside system
    ├── UnavailableError     not reached or overloaded: nothing was done, try again
    │   └── TemporalUnavailableError  Temporal is not reached, or refuses the desk
    ├── RefusedError         the system understood and said no: trying again is useless
    └── OutcomeUnknownError  sent, but whether it took effect cannot be told
"""


class DispatchError(Exception):
    """An error that a person can correct; the text says what is wrong, where, and what to do."""


class SettingsError(DispatchError):
    """A setting is missing or wrong."""


class AmountError(DispatchError):
    """What was typed is no amount of its currency."""


class SubmissionError(DispatchError):
    """A request cannot be taken in; `sha256` names the document in the store that it came as, empty where it has none."""

    def __init__(self, sentence: str, sha256: str = "") -> None:
        super().__init__(sentence)
        self.sha256 = sha256


class RequestNotFoundError(DispatchError):
    """There is no request of this id."""


class RequestClosedError(DispatchError):
    """The request has ended and takes no more messages."""


class WorkerUnavailableError(DispatchError):
    """No worker answers for the request."""


class UnreadableTextError(DispatchError):
    """A text could not be read within its bounds; the text is one sentence for a person."""


class PlaybookError(DispatchError):
    """A playbook does not hold; carries the file, the path in it, what is wrong and the remedy."""

    def __init__(self, file: str, path: str, problem: str, remedy: str) -> None:
        super().__init__(f"{file}: at {path or 'the top'}: {problem}. {remedy}")
        self.file, self.path, self.problem, self.remedy = file, path, problem, remedy


class DeskFolderError(DispatchError):
    """There is no such desk, or its folder cannot be made."""


class EvalsError(DispatchError):
    """Cases to measure a desk by cannot be read."""


class CatalogueError(DispatchError):
    """A file of an open set does not hold one class of its own name."""


class ApproversError(DispatchError):
    """The approvers file does not hold."""


class KeysError(DispatchError):
    """A private key cannot be made, found or unlocked."""


class DevStackError(DispatchError):
    """An embedded server cannot start."""


class AuditStoreError(DispatchError):
    """The audit store cannot be read or written, or is not what it was."""


class WriteConflictError(AuditStoreError):
    """Another writer appended to the manifest first; nothing was written."""


class ChainNotTrustedError(AuditStoreError):
    """The chain is not as this machine left it, or its key is not the pinned one; nothing is signed on top of it."""


class ClientError(DispatchError):
    """An outside system did not carry out a call."""


class UnavailableError(ClientError):
    """The system was not reached or is overloaded; nothing was done.

    `retry_after_seconds` is what the system asked for, None where it did not say.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TemporalUnavailableError(UnavailableError):
    """Temporal is not reached, does not answer in time, or refuses the desk; the text says which, and what to do."""


class RefusedError(ClientError):
    """The system refused; `code` is its own code of the reason."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


class OutcomeUnknownError(ClientError):
    """The order was sent and its result is unknown; to be reconciled by its key."""


class FactsMissingError(DispatchError):
    """The facts that were read do not suffice under this policy; the text says which are missing."""
