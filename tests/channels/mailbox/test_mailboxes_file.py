"""The file of mailboxes: what it gives, and the one sentence for each mistake."""

from pathlib import Path

import pytest

from dispatch.models.errors import SettingsError
from runtime.doors.mailboxes_file import read_mailboxes

GOOD = """
- name: support
  host: mail.desk.example
  user: support@desk.example
  password_file: secrets/support
  desk: support
- name: sales
  host: 127.0.0.1
  port: 10143
  security: none
  user: sales
  password_env: SALES_PASSWORD
  folder: Anfragen
  poll_seconds: 30
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "support").write_text("a secret\n")
    file = tmp_path / "mailboxes.yaml"
    file.write_text(GOOD)
    return file


def test_each_entry_is_a_mailbox_with_its_password(file: Path) -> None:
    """Passwords come from a file beside it or from the environment; what is left out has its usual value."""
    support, sales = read_mailboxes(file, {"SALES_PASSWORD": "another"})
    assert (support.port_in_use, support.security, support.folder, support.desk) == (
        993,
        "tls",
        "INBOX",
        "support",
    )
    assert support.password.get_secret_value() == "a secret"
    assert (sales.port_in_use, sales.folder, sales.desk, sales.poll_seconds) == (10143, "Anfragen", None, 30)
    assert sales.password.get_secret_value() == "another"
    assert "secret" not in repr(support)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "desk: support",
            "desks: support",
            r"mailbox 1 \('support'\): there is no key 'desks'; the keys are",
        ),
        ("port: 10143", "port: 99999", r"mailbox 2 \('sales'\): port: Input should be less than"),
        ("user: sales", "name: sales2", "line 11, column 3.*the key 'name' stands twice"),
        ("  host: mail.desk.example\n", "", r"mailbox 1 \('support'\): host: Field required"),
        ("  security: none", "  security: ssl", "security: Input should be 'tls', 'starttls' or 'none'"),
        ("host: 127.0.0.1", "host: mail.desk.example", "the password would go to mail.desk.example unenc"),
        ("name: sales", "name: support", "two mailboxes are called 'support'"),
        ("folder: Anfragen", "folder: Taken", "'sales': folder: mails are moved to Taken"),
        ("secrets/support", "secrets/none", "password_file: .*none cannot be read: No such file"),
        ("SALES_PASSWORD", "NOBODYS", "password_env: it holds no password of one line; set the variable NOB"),
        ("  password_env: SALES_PASSWORD\n", "", "it needs one of password_file and password_env"),
        ("desk: support", "desk: Support Desk", "desk: String should match"),
        ("desk: support", "ca_file: none.pem", "ca_file: there is no file .*none.pem"),
        ("  security: none", "  security: starttls\n  port: 993", "the key 'port' stands twice"),
        (GOOD, "mailboxes: 3", "it is no list of mailboxes"),
        (GOOD, "- support", "mailbox 1 is no mapping"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_entry_and_key(
    file: Path, old: str, new: str, words: str
) -> None:
    """It begins with the file, and never has a password in it."""
    assert old in GOOD
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(SettingsError, match=words) as told:
        read_mailboxes(file, {"SALES_PASSWORD": "another"})
    assert str(told.value).startswith(str(file))
    assert "\n" not in str(told.value)
    assert "a secret" not in str(told.value)


def test_one_mailbox_is_watched_once(file: Path) -> None:
    """Two entries for one folder of one user would race each other."""
    file.write_text(GOOD + GOOD.replace("name: s", "name: other s"))
    with pytest.raises(SettingsError, match="is the same mailbox and folder as 'support'; remove one"):
        read_mailboxes(file, {"SALES_PASSWORD": "another"})
