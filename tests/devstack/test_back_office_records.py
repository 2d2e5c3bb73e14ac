"""Reading the back office: keys, lookups, errors, and what its data says on any day."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devstack.back_office.database import Database
from devstack.back_office.seed import SEED, Seed
from devstack.back_office.service import back_office as serve
from dispatch.models.errors import DevStackError
from tests.servers import BackOfficeService, running_back_office, settings_from

NOW = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "key", "status", "code"),
    [
        ("GET", "", 401, "unauthorised"),
        ("GET", "Bearer wrong", 401, "unauthorised"),
        ("GET", "Basic test-read", 401, "unauthorised"),
        ("POST", "Bearer test-read", 403, "forbidden"),
        ("DELETE", "Bearer test-read", 403, "forbidden"),
        ("GET", "Bearer test-read", 200, None),
        ("GET", "Bearer test-write", 200, None),
    ],
)
async def test_keys_open_what_they_are_for(
    read_only: BackOfficeService, method: str, key: str, status: int, code: str | None
) -> None:
    """Nothing without a key, nothing but GET with the read key."""
    async with read_only.http() as http:
        answer = await http.request(method, "/orders/DD-10001", headers={"Authorization": key})
    assert answer.status_code == status
    assert code is None or answer.json()["error"]["code"] == code


async def test_health_needs_no_key(read_only: BackOfficeService) -> None:
    """A health check has no secret to keep."""
    async with read_only.http() as http:
        answer = await http.get("/health", headers={"Authorization": ""})
    assert answer.json() == {"status": "ok", "service": "back-office"}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/orders/DD-99999", 404, "order_not_found"),
        ("/orders/DD-99999/payments", 404, "order_not_found"),
        ("/customers/CU-9", 404, "customer_not_found"),
        ("/customers/CU-9/orders", 404, "customer_not_found"),
        ("/payments/PAY-9", 404, "payment_not_found"),
        ("/refunds/RF-1", 404, "refund_not_found"),
        ("/refunds?customer_id=CU-9&since=2026-01-01T00:00:00Z", 404, "customer_not_found"),
        ("/refunds?customer_id=CU-1001&since=2026-01-01", 400, "invalid_request"),
        ("/refunds?customer_id=CU-1001&since=yesterday", 400, "invalid_request"),
        ("/refunds", 400, "invalid_request"),
        ("/customers", 400, "invalid_request"),
        ("/elsewhere", 404, "http_404"),
    ],
)
async def test_errors_have_a_code(read_only: BackOfficeService, path: str, status: int, code: str) -> None:
    """Every failure has the one shape, and a row that is missing is told from a path that is wrong."""
    async with read_only.http() as http:
        answer = await http.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_faults_are_not_there_unless_asked_for(tmp_path: Path) -> None:
    """A service that was not started with faults has no way to arm one."""
    async with running_back_office(tmp_path, faults=False) as service, service.http() as http:
        answer = await http.post("/faults", json={"match": "*", "fault": "slow"})
    assert answer.status_code == 404


def test_the_seed_adds_up() -> None:
    """Payments come to the order's total, refunds stay within payments, and every row has its owner."""
    seed = Seed.model_validate_json(SEED.read_bytes())
    customers = {customer.customer_id for customer in seed.customers}
    assert len(customers) == len(seed.customers) >= 14
    assert len({order.order_number for order in seed.orders}) == len(seed.orders) >= 30
    for order in seed.orders:
        assert order.customer_id in customers
        unpaid = order.status in {"placed", "cancelled"}
        assert sum(payment.amount_minor for payment in order.payments) == (0 if unpaid else order.total_minor)
        for payment in order.payments:
            assert sum(refund.amount_minor for refund in payment.refunds) <= payment.amount_minor


def test_the_sample_data_page_names_every_order_and_customer() -> None:
    """docs/sample-data.md is the seed's table; a row that is added there must be explained here."""
    page = (Path(__file__).parents[2] / "docs" / "sample-data.md").read_text()
    seed = Seed.model_validate_json(SEED.read_bytes())
    for order in seed.orders:
        assert f"| {order.order_number} |" in page
        assert order.note in page
    for customer in seed.customers:
        assert f"| {customer.customer_id} | {customer.name} | {', '.join(customer.email_addresses)} |" in page


def _delivered(database: Database) -> datetime:
    with database.reading() as connection:
        row = connection.execute("SELECT delivered_at FROM orders WHERE order_number = 'DD-10001'").fetchone()
    return datetime.fromisoformat(row["delivered_at"])


def test_dates_move_with_the_start_but_not_within_a_day(tmp_path: Path) -> None:
    """A restart within the day leaves the dates; one after weeks brings them up and leaves refunds as they were."""
    path = tmp_path / "back_office.db"
    with closing(Database(path, NOW)) as database:
        assert _delivered(database) == NOW.replace(second=0) - timedelta(days=5)
        with database.writing() as connection:
            connection.execute("UPDATE refunds SET status = 'cancelled' WHERE refund_id = 'RF-9001'")
            connection.execute(
                "INSERT INTO refunds VALUES ('RF-10001', 'PAY-10001', 5, 'succeeded', 'r', '2026-03-10', 'mine')"
            )
    with closing(Database(path, NOW + timedelta(hours=23))) as database:
        assert _delivered(database) == NOW.replace(second=0) - timedelta(days=5)
    with closing(Database(path, NOW + timedelta(days=30))) as database:
        assert _delivered(database) == NOW.replace(second=0) + timedelta(days=25)
        with database.reading() as connection:
            kept = connection.execute(
                "SELECT status, created_at FROM refunds WHERE refund_id IN ('RF-9001', 'RF-10001') ORDER BY refund_id"
            ).fetchall()
            counts = [
                len(connection.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608 - names from this test
                for table in ("orders", "order_lines", "addresses", "payments")
            ]
    assert [row["status"] for row in kept] == ["succeeded", "cancelled"]
    assert kept[0]["created_at"] == "2026-03-10"
    seed = Seed.model_validate_json(SEED.read_bytes())
    assert counts == [
        len(seed.orders),
        sum(len(order.lines) for order in seed.orders),
        sum(len(customer.email_addresses) for customer in seed.customers),
        sum(len(order.payments) for order in seed.orders),
    ]


@pytest.mark.parametrize("spoil", ["UPDATE meta SET value = '0' WHERE name = 'version'", "DROP TABLE meta"])
def test_a_database_of_another_version_is_named(tmp_path: Path, spoil: str) -> None:
    """A stale file is refused with its path and what to do, not half understood."""
    path = tmp_path / "back_office.db"
    Database(path, NOW).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(spoil)
    with pytest.raises(DevStackError, match=r"back_office\.db was made by another version .*; delete it"):
        Database(path, NOW)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Rubbish where the data should be ends in one sentence."""
    path = tmp_path / "back_office.db"
    path.write_text("no database at all, but long enough to be mistaken for one" * 100)
    with pytest.raises(DevStackError, match=r"back_office\.db cannot be used .*delete it"):
        Database(path, NOW)


async def test_a_taken_port_is_one_sentence_that_names_the_setting(
    read_only: BackOfficeService, tmp_path: Path
) -> None:
    """The second service to start names the setting to change."""
    environment = {**read_only.environment, "DISPATCH_VAR_DIR": str(tmp_path / "second")}
    with pytest.raises(DevStackError, match=r"the back office is taken.* set DISPATCH_BACK_OFFICE_URL"):
        async with serve(settings_from(environment)):
            pass


async def test_an_address_without_a_port_is_one_sentence(tmp_path: Path) -> None:
    """The service listens where the clients look; an address that names no port says nowhere."""
    settings = settings_from(
        {"DISPATCH_BACK_OFFICE_URL": "http://127.0.0.1", "DISPATCH_VAR_DIR": str(tmp_path)}
    )
    with pytest.raises(DevStackError, match=r"DISPATCH_BACK_OFFICE_URL .* names no port"):
        async with serve(settings):
            pass
