"""docker-compose.yml held against the settings, the house's rules and, where one is at hand, the compose program."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import temporalio.envconfig
import yaml

from devstack.settings import StackSettings
from devstack.temporal_tuning import TUNING
from devstack.temporal_version import PINNED_SERVER
from dispatch.models.search_attributes import SEARCH_ATTRIBUTES
from runtime.worker_parts.shutdown import MARGIN
from tests.deploy.composed import COMPOSE, OURS, ROOT, SERVICES, environment, passed_on

# What the desk says to its stock images and what only the stock images read.
STOCK_TEMPORAL_VARIABLES = {"TEMPORAL_NOTIFY_ON_NEW_VERSION", "TEMPORAL_BROADCAST_ADDRESS"}
# Fixed by where things are in the image and the network, of the embedded server, or for a person's own shell.
NOT_FROM_DOTENV = {
    *("DISPATCH_VAR_DIR", "DISPATCH_DESKS_DIR", "DISPATCH_PLAYBOOKS_DIR", "DISPATCH_KEYS_DIR"),
    "DISPATCH_APPROVERS_FILE",
    *("DISPATCH_INBOX_HOST", "DISPATCH_INBOX_PORT", "DISPATCH_LOG_FORMAT", "DISPATCH_KEY_PASSPHRASE"),
    *("DISPATCH_HTTP_HOST", "DISPATCH_HTTP_PORT"),
    *("DISPATCH_TEMPORAL_PROGRAM", "DISPATCH_TEMPORAL_PORT", "DISPATCH_TEMPORAL_UI_PORT"),
    *("DISPATCH_IMAP_PORT", "DISPATCH_MAILBOXES"),
    *("DISPATCH_TEMPORAL_DURABILITY", "DISPATCH_RETENTION_DAYS", "DISPATCH_GRACEFUL_SHUTDOWN_SECONDS"),
}


def seconds(duration: str) -> int:
    number, unit = int(duration[:-1]), duration[-1]
    return number * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


@pytest.mark.parametrize("service", SERVICES)
def test_every_variable_is_read_by_somebody(service: str) -> None:
    """A DISPATCH_ variable is a setting and a TEMPORAL_ one is read by the SDK: a misspelt one would do nothing."""
    known = {f"DISPATCH_{name.upper()}" for name in StackSettings.model_fields} | STOCK_TEMPORAL_VARIABLES
    for name, value in environment(service).items():
        if name.startswith("TEMPORAL_") and name not in known:
            profile = temporalio.envconfig.ClientConfigProfile.load(
                disable_file=True, override_env_vars={name: value}
            ).to_dict()
            assert value in profile.values(), f"{service}: {name} is not read by temporalio.envconfig"
        elif name.startswith("DISPATCH_"):
            assert name in known, f"{service}: {name} is a setting of nobody"


@pytest.mark.parametrize("service", OURS)
def test_the_values_are_settings_a_process_of_ours_starts_with(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very values of the file pass validation, and the secrets of both sides are the same."""
    for name, value in environment(service).items():
        monkeypatch.setenv(name, value)
    settings = StackSettings()
    assert settings.back_office_url == "http://back-office:8810"
    assert settings.back_office_write_key.get_secret_value() == "embedded-write"
    assert settings.var_dir == Path("/var/lib/dispatch-desk")


@pytest.mark.parametrize("service", ["worker", "inbox", "watcher", "http"])
def test_every_setting_of_a_deployer_reaches_its_program(service: str) -> None:
    """A name in .env that the file does not pass on would do nothing, and nobody would be told."""
    settings = {f"DISPATCH_{name.upper()}" for name in StackSettings.model_fields} - NOT_FROM_DOTENV
    if service != "worker":
        settings.discard("DISPATCH_MINIMUM_RETENTION_DAYS")
    assert passed_on(service) >= settings, f"{service}: {sorted(settings - passed_on(service))}"


def test_a_stand_in_listens_where_it_is_reached_whatever_env_says() -> None:
    """A deployer who sets the URL of their own system must not move the stand-in to that host."""
    fixed = {
        "back-office": {"DISPATCH_BACK_OFFICE_URL"},
        "helpdesk": {"DISPATCH_HELPDESK_URL"},
        "marketing": {"DISPATCH_POSTS_URL"},
        "website": {"DISPATCH_SITE_URL"},
        "mail-sink": {"DISPATCH_MAIL_ARCHIVE_URL", "DISPATCH_SMTP_HOST", "DISPATCH_SMTP_PORT"},
    }
    for service, names in fixed.items():
        assert not names & passed_on(service)
        assert SERVICES[service]["scale"] == "${STAND_INS:-1}"


def test_the_watcher_runs_where_it_is_wanted_and_alone_is_given_the_mailboxes() -> None:
    """Without mailboxes there is no watcher that fails all the time, and no other container holds their passwords."""
    watcher = SERVICES["watcher"]
    assert watcher["scale"] == "${WATCHERS:-0}"
    assert [name for name in SERVICES if "secrets" in SERVICES[name]] == ["watcher"]
    assert set(watcher["secrets"]) == COMPOSE["secrets"].keys()
    named = environment("watcher")["DISPATCH_MAILBOXES"]
    assert named.removeprefix("/run/secrets/") in watcher["secrets"]


def test_our_image_is_built_by_one_service_and_never_pulled() -> None:
    """Builds of one tag at the same time refuse one another, and a pulled one would be somebody else's."""
    assert [name for name in OURS if "build" in SERVICES[name]] == ["worker"]
    assert all(SERVICES[name]["pull_policy"] == "never" for name in OURS)


@pytest.mark.parametrize("service", OURS)
def test_a_service_of_ours_writes_to_its_volume_only(service: str) -> None:
    """What is taken over cannot change its own code, nor gain a right that it was not given."""
    confined = SERVICES[service]
    assert confined["read_only"] is True
    assert confined["cap_drop"] == ["ALL"]
    assert confined["security_opt"] == ["no-new-privileges:true"]
    assert confined["volumes"] == ["desk-var:/var/lib/dispatch-desk"]


def test_ports_are_bound_to_the_loopback_only() -> None:
    """The stand-ins and Temporal know no login: none of them may be reached from another machine."""
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published), published


@pytest.mark.parametrize("service", SERVICES)
def test_every_image_is_pinned_to_a_release(service: str) -> None:
    """A tag of three numbers, never latest, and never the deprecated auto-setup image."""
    image, _, tag = SERVICES[service]["image"].partition(":")
    assert re.match(r"\d+\.\d+", tag), f"{image}:{tag}"
    assert "auto-setup" not in image


def test_server_and_tools_are_of_the_release_the_embedded_server_runs() -> None:
    """What the suite proves on the embedded server must hold for the one that is deployed."""
    release = ".".join(map(str, PINNED_SERVER)) + "."
    for service in ("temporal", "temporal-schema", "temporal-namespace"):
        assert SERVICES[service]["image"].partition(":")[2].startswith(release)


def test_the_image_of_ours_is_pinned_and_installs_by_hash_as_another_user() -> None:
    """The Dockerfile takes a released Python, nothing outside the lock, and does not run as root."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if re.fullmatch(r"FROM python:3\.12\.\d+-slim-\w+", line)]
    assert [line for line in lines if "--require-hashes" in line and "requirements.lock" in line]
    assert lines.index("USER desk") < lines.index('CMD ["python", "worker.py"]')
    compiled = lines.index("RUN python -m compileall -q .")
    assert lines.index("COPY *.py ./") < compiled < lines.index("USER desk")


def test_the_image_holds_every_room_that_its_code_imports() -> None:
    """A room that a new import needs and the Dockerfile does not copy would fail only where it is deployed."""
    copied = set(re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    rooms = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    started = {
        SERVICES[name]["command"][-1].split(".")[0] for name in OURS if "-m" in SERVICES[name]["command"]
    }
    assert started, "no service of ours is started as a module"
    assert started <= copied, f"docker-compose.yml starts {started - copied}: COPY it in the Dockerfile"
    code = [*ROOT.glob("*.py"), *(file for room in copied for file in (ROOT / room).rglob("*.py"))]
    for file in code:
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.MULTILINE)) & rooms
        assert imported <= copied, (
            f"{file.relative_to(ROOT)} imports {imported - copied}: COPY it in the Dockerfile"
        )


def test_the_worker_is_given_longer_to_stop_than_it_takes() -> None:
    """Docker kills at the end of the grace: it must come after the worker's own and its hard end."""
    grace = int(environment("worker")["DISPATCH_GRACEFUL_SHUTDOWN_SECONDS"])
    assert seconds(SERVICES["worker"]["stop_grace_period"]) > grace + MARGIN.total_seconds()


def test_retention_is_explicit_and_long_enough_for_the_audit() -> None:
    """Retention deletes the audit trail: it is written down, and not below what the worker demands."""
    minimum = int(environment("worker")["DISPATCH_MINIMUM_RETENTION_DAYS"])
    assert minimum >= StackSettings.model_fields["minimum_retention_days"].default
    assert seconds(environment("temporal-namespace")["RETENTION"]) >= minimum * 86400
    assert "--retention" in (ROOT / "deploy/namespace.sh").read_text()


def test_the_namespace_job_creates_the_search_attributes_the_desk_writes() -> None:
    """An upsert of an unknown attribute fails the workflow task, again and again."""
    created = re.findall(r"--name (\w+) --type (\w+)", (ROOT / "deploy/namespace.sh").read_text())
    assert dict(created) == SEARCH_ATTRIBUTES


def test_the_dynamic_configuration_knows_only_switches_the_embedded_server_is_tested_with() -> None:
    """The server ignores a misspelt switch; one that the embedded server runs with is one that exists."""
    switches = yaml.safe_load((ROOT / "deploy/dynamicconfig.yaml").read_text())
    assert switches.keys() <= TUNING.keys()
    assert all(list(entry) == ["value"] for entries in switches.values() for entry in entries)


def test_every_service_waits_for_what_it_needs() -> None:
    """Each dependency names a condition, and what is waited for as healthy has a health check."""
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed], f"{name} waits for {needed}"
            else:
                assert how["condition"] == "service_completed_successfully"
                assert SERVICES[needed]["restart"] == "no", f"{needed} never completes"
    assert SERVICES["worker"]["depends_on"].keys() >= {"temporal-namespace", "back-office", "mail-sink"}


def test_the_database_is_in_a_named_volume() -> None:
    """`docker compose down` must not take the requests with it."""
    named = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert set(COMPOSE["volumes"]) <= named
    assert "postgres-data:/var/lib/postgresql/data" in SERVICES["postgres"]["volumes"]


def compose_program() -> list[str] | None:
    named = os.environ.get("DISPATCH_COMPOSE_PROGRAM")
    if named:
        return shlex.split(named)
    docker = shutil.which("docker")
    if (
        docker
        and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0
    ):
        return [docker, "compose"]
    return None


def composed(*files: str) -> dict[str, Any]:
    """Return the services as the compose program reads them from `files`, with no .env."""
    program = compose_program()
    if program is None:
        pytest.skip("no compose program; set DISPATCH_COMPOSE_PROGRAM to one")
    named = [part for file in files for part in ("-f", file)]
    command = [*program, *named, "--env-file", os.devnull, "config", "--format", "json"]
    read = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    services: dict[str, Any] = json.loads(read.stdout)["services"]
    return services


def test_the_compose_program_accepts_the_file() -> None:
    """What YAML allows, compose may still refuse; skipped where no compose program is at hand."""
    services = composed("docker-compose.yml")
    assert services.keys() == SERVICES.keys()
    for name in OURS:
        told = {key: value for key, value in services[name]["environment"].items() if value is not None}
        assert told == environment(name)


def test_two_roles_hold_different_keys() -> None:
    """Apart, the one that reads cannot act, and the one that acts is told nothing that only the other needs."""
    services = composed("docker-compose.yml", "deploy/two-roles.yml")
    desk, actions = services["worker"], services["actions"]
    assert (desk["command"][-1], actions["command"][-1]) == ("desk", "actions")
    assert "DISPATCH_BACK_OFFICE_WRITE_KEY" not in desk["environment"]
    assert "DISPATCH_BACK_OFFICE_READ_KEY" not in actions["environment"]
    assert "build" not in actions
    assert actions["image"] == desk["image"]
    assert actions["read_only"] is True
