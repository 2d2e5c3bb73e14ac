"""Every setting of the product, read once, by the composition roots only.

Temporal's own connection is not here: it comes from Temporal's environment configuration
(`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, a profile file), see `temporalio.envconfig`.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.models.errors import SettingsError

_HERE = Path(__file__).parent


class Settings(BaseSettings):
    """One frozen object; each field is the environment variable `DISPATCH_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="DISPATCH_", frozen=True, extra="forbid")

    var_dir: Path = Field(
        default=Path("var"), description="what this machine keeps: databases, documents, logs"
    )
    playbooks_dir: Path = Field(default=_HERE / "playbooks", description="the folder of <desk>.yaml files")
    task_queue: str = Field(
        default="dispatch", description="of the desk; actions listen on the same name with '-actions'"
    )
    minimum_retention_days: int = Field(default=30, ge=1, description="refuse to start below this retention")
    graceful_shutdown_seconds: int = Field(
        default=30, ge=0, description="how long a stopping worker may finish its work"
    )
    workflow_cache: int = Field(default=250, ge=0, description="workflows kept in the worker's memory")
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    back_office_url: str = Field(default="http://127.0.0.1:8810", description="the system of record")
    back_office_read_key: SecretStr = Field(default=SecretStr("embedded-read"), description="may only read")
    back_office_write_key: SecretStr = Field(
        default=SecretStr("embedded-write"), description="may issue refunds"
    )
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=8825, ge=1, le=65535)
    mail_from: str = Field(default="support@desk.example", description="the sender of every reply")
    mail_archive_url: str = Field(
        default="http://127.0.0.1:8811", description="reads back what the mail system sent"
    )
    mail_archive_key: SecretStr = Field(
        default=SecretStr("embedded-archive"), description="may read the mail archive"
    )
    client_timeout_seconds: float = Field(default=10, gt=0, description="one call to an outside system")

    max_mail_bytes: int = Field(
        default=25 * 1024 * 1024, ge=1024, description="a larger mail is refused at the door"
    )
    max_body_chars: int = Field(default=50_000, ge=100, description="a longer body is cut, and says so")

    temporal_program: str | None = Field(
        default=None, description="path of the `temporal` program, to skip the search"
    )
    temporal_port: int = Field(default=7233, ge=1, le=65535, description="embedded server, gRPC")
    temporal_ui_port: int = Field(default=8233, ge=1, le=65535, description="embedded server, web UI")
    temporal_durability: Literal["FULL", "NORMAL"] = Field(
        default="FULL",
        description="SQLite's synchronous level; NORMAL is faster and may lose the last commits in a power cut",
    )
    retention_days: int = Field(default=90, ge=1, description="how long Temporal keeps a closed request")

    @property
    def documents_dir(self) -> Path:
        return self.var_dir / "documents"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises SettingsError naming each variable that is wrong and what it must be.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"DISPATCH_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
        )
        raise SettingsError(
            f"settings are wrong: {problems}. Correct the environment and start again."
        ) from None
