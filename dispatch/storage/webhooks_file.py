"""The file of webhooks that the desk sends, strict YAML, and the secrets that its entries name."""

import stat
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from dispatch.models.errors import PlaybookError, SettingsError
from dispatch.models.webhooks import Webhook
from dispatch.playbooks.strict_yaml import read_yaml

_LIST: Final[TypeAdapter[tuple[Webhook, ...]]] = TypeAdapter(tuple[Webhook, ...])
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_MOST_CHARS: Final = 1_000


class WebhooksFile:
    """Read again at each access, so that a changed address or secret counts for the next attempt.

    Every method raises SettingsError, in one sentence that names the file and the place.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> tuple[Webhook, ...]:
        """Return the webhooks; none where no file is named."""
        if self._path is None:
            return ()
        try:
            found = _LIST.validate_python(read_yaml(self._path) or [])
        except PlaybookError as error:
            raise SettingsError(f"DISPATCH_WEBHOOKS: {error}") from None
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the top"
            raise SettingsError(
                f"{self._path}: at {where}: {first['msg']}; an entry has name, url, secret_file, events and desks"
            ) from None
        names = [webhook.name for webhook in found]
        if len(set(names)) < len(names):
            raise SettingsError(f"{self._path}: a name stands twice; give each webhook one of its own")
        return found

    def secret_of(self, webhook: Webhook) -> str:
        """Return the secret that a webhook is signed with; a relative path is beside the file."""
        path = (self._path or Path()).parent / webhook.secret_file
        try:
            if path.stat().st_mode & _OTHERS:
                raise SettingsError(f"{path} may be read by others than its owner; run 'chmod 600 {path}'")
            with path.open(encoding="ascii") as file:
                secret = file.read(_MOST_CHARS).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"the secret of the webhook {webhook.name} in {path} cannot be read: {error}; write 'whsec_' and 32 "
                "random bytes in base64 into it"
            ) from None
        if not secret.startswith("whsec_"):
            raise SettingsError(
                f"{path} holds no secret of a webhook, which begins with whsec_; create the secret again"
            )
        return secret
