"""Every setting of the product, read once, only by the composition roots.

Temporal's own connection is not here: it comes from Temporal's environment configuration
(`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, a profile file), see `temporalio.envconfig`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from dispatch.models.errors import SettingsError

S = TypeVar("S", bound=BaseSettings)
SHIPPED_DESKS = Path(__file__).parents[1] / "desks"


class Settings(BaseSettings):
    """One frozen object; each field is the environment variable `DISPATCH_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="DISPATCH_", frozen=True, extra="forbid")

    var_dir: Path = Field(
        default=Path("var"), description="what this machine keeps: databases, documents, logs"
    )
    desks_dir: str = Field(
        default="",
        description="folders with desks of your own, beside those that are shipped; several with ':'",
    )
    playbooks_dir: Path | None = Field(
        default=None,
        description="a folder of <desk>.yaml files that take the place of the desks' own playbooks",
    )
    task_queue: str = Field(
        default="dispatch", description="of the desk; actions listen on the same name with '-actions'"
    )
    minimum_retention_days: int = Field(default=30, ge=1, description="refuse to start below this retention")
    graceful_shutdown_seconds: int = Field(
        default=30, ge=0, description="how long a stopping worker may finish its work"
    )
    workflow_cache: int = Field(default=200, ge=0, description="workflows kept in the worker's memory")
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    automatic_mails_an_hour: int = Field(
        default=10,
        ge=1,
        description="to one requester's address; what would be more waits for a person",
    )
    inbox_url: str = Field(
        default="http://127.0.0.1:8820",
        pattern=r"^(https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~\-]+)*)?$",
        description="where people reach the inbox; links in mails begin so, without a slash at its end; "
        "empty: mails hold no links",
    )
    inbox_host: str = Field(default="127.0.0.1", description="the address that the inbox listens on")
    inbox_port: int = Field(default=8820, ge=1, le=65535, description="the inbox's port")
    http_url: str = Field(
        default="http://127.0.0.1:8830",
        pattern=r"^https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~\-]+)*$",
        description="where programs reach the HTTP door; its answers name the addresses of requests so, without a slash at its end",
    )
    http_host: str = Field(default="127.0.0.1", description="the address that the HTTP door listens on")
    http_port: int = Field(default=8830, ge=1, le=65535, description="the HTTP door's port")
    http_calls_a_minute: int = Field(default=120, ge=1, description="of one key at the HTTP door")
    webhooks: Path | None = Field(
        default=None, description="which webhooks are sent to whom (YAML); without it none"
    )
    webhook_look_seconds: float = Field(
        default=5, gt=0, le=3600, description="how often is looked for what webhooks are to tell"
    )
    webhook_give_up_hours: float = Field(
        default=72, gt=0, le=720, description="how long a webhook is tried that is not taken"
    )
    inbox_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="signs the inbox's sessions; without it one is made and kept in the var folder",
    )
    answer_link_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="signs links by which requesters answer, in worker and inbox alike; "
        "without it one is made and kept in the var folder",
    )
    inbox_idle_minutes: int = Field(default=30, ge=1, description="an idle sign-in ends after this")
    inbox_session_hours: int = Field(default=12, ge=1, description="every sign-in ends after this")
    oidc_issuer: str = Field(
        default="",
        pattern=r"^(https?://[^\s]+[^\s/])?$",
        description="a company's identity provider (OpenID Connect); empty: none",
    )
    oidc_client_id: str = Field(default="", description="the inbox's id at the identity provider")
    oidc_client_secret: SecretStr | None = Field(default=None, description="its secret there")
    oidc_name_claim: str = Field(
        default="preferred_username", description="the claim of the ID token that is the approver's name"
    )
    approvers_file: Path | None = Field(
        default=None,
        description="who may decide, with roles and public keys; default: approvers.yaml in the var folder",
    )
    keys_dir: Path | None = Field(
        default=None, description="approvers' private keys, encrypted; default: keys in the var folder"
    )
    key_passphrase: SecretStr | None = Field(
        default=None, description="of the private key, for scripts; without it the command line asks"
    )
    digest_hour: int = Field(
        default=6, ge=0, le=23, description="UTC; when approvers who prefer it get one mail a day"
    )
    client_timeout_seconds: float = Field(default=10, gt=0, description="one call to an outside system")

    max_mail_bytes: int = Field(
        default=25 * 1024 * 1024, ge=1024, description="a larger mail is refused at the door"
    )
    max_body_chars: int = Field(default=50_000, ge=100, description="a longer body is cut, and says so")

    mailboxes: Path | None = Field(
        default=None, description="the IMAP mailboxes that 'dispatch watch imap' takes requests from (YAML)"
    )

    text_seconds: float = Field(
        default=10,
        gt=0,
        le=20,
        description="how long reading one request's text may take; then a person reads it",
    )
    text_megabytes: int = Field(
        default=1024, ge=256, description="how much memory the process that reads a text may take"
    )

    embedder: str = Field(
        default="local",
        pattern=r"^(local|none|https?://\S+#\S+)$",
        description="what makes sentence vectors for desks that sort by examples: `local`, or an OpenAI-compatible endpoint "
        "in a private network as URL#MODEL, such as `http://10.0.0.5:8080/v1#bge-m3`; `none`: n-grams alone",
    )
    embedder_key: SecretStr | None = Field(default=None, description="opens the embeddings endpoint")

    models_file: Path | None = Field(
        default=None, description="the language models that roles may use (YAML); without it none"
    )
    model_documents_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="how long what was asked of models and what they answered is kept; 0: it is never written",
    )

    temporal_program: str | None = Field(
        default=None, description="path of the `temporal` program, to skip the search"
    )
    temporal_port: int = Field(default=7233, ge=1, le=65535, description="embedded server, gRPC")
    temporal_ui_port: int = Field(default=8233, ge=1, le=65535, description="embedded server, web UI")
    temporal_ui_url: str = Field(
        default="http://127.0.0.1:8233", description="Temporal's web UI, for links; empty: none"
    )
    temporal_durability: Literal["FULL", "NORMAL"] = Field(
        default="FULL",
        description="SQLite's synchronous level; NORMAL is faster and may lose the last commits in a power cut",
    )
    retention_days: int = Field(default=90, ge=1, description="how long Temporal keeps a closed request")

    audit_store: str = Field(
        default="",
        description="where closed requests are exported to: a folder or s3://bucket/prefix; "
        "empty: audit/store in the var folder",
    )
    audit_s3_endpoint: str | None = Field(
        default=None, description="URL of an S3-compatible service that is not Amazon's"
    )
    audit_seal: bool = Field(
        default=False,
        description="encrypt each exported request under a key of its own, so that it can be erased later",
    )
    audit_sweep_minutes: int = Field(
        default=60, ge=1, le=43_200, description="how often what is missing in the audit store is exported"
    )
    audit_follow_seconds: float = Field(
        default=5,
        ge=0,
        le=3600,
        description="how often the follower looks for requests that have ended, to export them at once; 0: never",
    )

    @property
    def desk_roots(self) -> tuple[Path, ...]:
        """Return the folders that may contain desks, the shipped one first."""
        return (SHIPPED_DESKS, *(Path(each) for each in self.desks_dir.split(os.pathsep) if each.strip()))

    @property
    def approvers_path(self) -> Path:
        return self.approvers_file or self.var_dir / "approvers.yaml"

    @property
    def keys_path(self) -> Path:
        return self.keys_dir or self.var_dir / "keys"

    @property
    def api_keys_dir(self) -> Path:
        return self.var_dir / "api-keys"

    @property
    def documents_dir(self) -> Path:
        return self.var_dir / "documents"

    @property
    def model_documents_dir(self) -> Path:
        """What was asked of language models and what they answered, apart from what came with requests."""
        return self.var_dir / "model-documents"

    @property
    def audit_dir(self) -> Path:
        """Return the local folder of the exporter: its key, the heads it wrote, the extract for an auditor's questions."""
        return self.var_dir / "audit"

    @property
    def private_folders(self) -> tuple[Path, ...]:
        """Return the folders of this machine that only their owner may open."""
        store = () if "://" in self.audit_store or not self.audit_store else (Path(self.audit_store),)
        own = (self.audit_dir, self.audit_dir / "store", self.audit_dir / "keys", *store)
        return (
            self.var_dir,
            self.var_dir / "logs",
            self.documents_dir,
            self.model_documents_dir,
            self.keys_path,
            self.api_keys_dir,
            *own,
        )


def load_settings() -> Settings:
    """Read the settings from the environment; raises SettingsError as `settings_of` does."""
    return settings_of(Settings)


def settings_of(kind: type[S], environment: Mapping[str, str] | None = None) -> S:
    """Read settings of one kind, from `environment` or else from the process's environment.

    Raises SettingsError that names each wrong variable and its valid values.
    """
    given = {
        name: environment[f"DISPATCH_{name.upper()}"]
        for name in kind.model_fields
        if environment is not None and f"DISPATCH_{name.upper()}" in environment
    }
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(
            f"DISPATCH_{'_'.join(str(part) for part in e['loc']).upper()}: {e['msg']}" for e in error.errors()
        )
        raise SettingsError(
            f"settings are wrong: {problems}. Correct the environment and start again."
        ) from None
