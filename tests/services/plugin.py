"""Prepare the environment before Django's settings load, and offer the servers.

Loaded by `addopts` in pyproject.toml, earlier than any conftest; therefore the tests
run as `python -m pytest`, which finds this package.

HOARDRUN_TEST_DATABASE=postgres runs the suite on a real PostgreSQL and a real
Redis, and =pgbouncer through a PgBouncer in transaction mode; otherwise it runs on SQLite and the
in-memory layer. A server that cannot be had fails the run: nothing is skipped.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.services import environment, forked, reaper, templates
from tests.services.binaries import ServerMissing
from tests.services.pgbouncer import PgBouncer
from tests.services.postgres import Postgres
from tests.services.redis import Redis
from tests.services.server import Server

# Files that take long: `make test-long` runs them, `make test` does not.
LONG = (
    "tests/bench/test_crowd.py",
    "tests/faults/test_bulk.py",
    "tests/faults/test_order.py",
    "tests/faults/test_storm.py",
    "tests/hoardrun/ledger/test_demo.py",
    "tests/hoardrun/market/engine/test_bad_frames.py",
    "tests/hoardrun/test_admin_forms.py",
    "tests/hoardrun/test_http_fuzz.py",
    "tests/hoardrun/test_large_lists.py",
    "tests/realtime/cluster/test_listening.py",
    "tests/realtime/core/test_mutations.py",
    "tests/realtime/test_retry.py",
    "tests/scenarios/test_canary.py",
    "tests/scenarios/test_fuzz.py",
    "tests/scenarios/test_isolation.py",
    "tests/simulation/test_quiet.py",
    "tests/simulation/test_rough.py",
    "tests/simulation/test_shuffled.py",
    "tests/simulation/test_simulation.py",
)
# Those that take long for the number of their tests begin first. Last, as their weight has it, one
# would run while the other workers have nothing left.
FIRST = (
    "tests/payments/test_payments.py",
    "tests/centre/test_centre.py",
    "tests/faults/test_faults.py",
    "tests/scenarios/test_market_venue.py",
    "tests/market/test_market.py",
    "tests/e2e/test_chart.py",
    "tests/hoardrun/market/engine/test_bad_frames.py",
    "tests/hoardrun/market/engine/test_source.py",
    "tests/hoardrun/market/engine/test_source_symbols.py",
    "tests/hoardrun/market/engine/test_source_away.py",
    "tests/hoardrun/payments/calling/test_stub.py",
    "tests/hoardrun/test_http_fuzz.py",
    "tests/e2e/test_accessibility.py",
    "tests/e2e/test_pay.py",
    "tests/simulation/test_rough.py",
    "tests/simulation/test_shuffled.py",
    "tests/simulation/test_quiet.py",
    "tests/hoardrun/test_large_lists.py",
    "tests/deploy/test_proxies.py",
)

# Folders whose tests ask no store where they ask for no database: nor a cache, nor the layer.
STORELESS = (
    "tests/hoardrun/demo/providers/",
    "tests/hoardrun/ledger/",
    "tests/hoardrun/market/feeds/",
    "tests/hoardrun/payments/",
    "tests/notifications/addresses/",
    "tests/notifications/channels/",
    "tests/notifications/delivery/",
    "tests/notifications/hooks/",
    "tests/notifications/kinds/",
    "tests/notifications/policy/",
    "tests/notifications/preferences/",
    "tests/notifications/texts/",
    "tests/notifications/trace/",
    "tests/realtime/client/",
    "tests/realtime/core/",
    "tests/realtime/outgoing/",
    "tests/realtime/protocol/",
    "tests/realtime/servers/",
)
ALONE = 20  # tests in one process take as long as one that starts servers

# What pytest-django does before every test does nothing without one of these, and takes a third of
# the CPU of a small test.
IDLE = {
    "_django_clear_site_cache",  # of an app that is not installed
    "_django_isolate_apps",
    "_django_set_urlconf",
    "_django_setup_unittest",
    "_live_server_helper",
    "_template_string_if_invalid_marker",
}
WORDS_OF_IDLE = {"django_isolate_apps", "ignore_template_errors", "live_server", "urls"}

CHOICES = ("sqlite", "postgres", "pgbouncer")

_running = ExitStack()
# As manage.py does, which says why.
gc.set_threshold(50_000, 20, 100)


@functools.cache
def run_postgres() -> Postgres:
    """Return the run's PostgreSQL, started at the first call."""
    server = Postgres()
    _running.callback(server.stop)
    return server


@functools.cache
def run_pgbouncer() -> PgBouncer:
    """Return the run's PgBouncer before its PostgreSQL, started at the first call."""
    server = PgBouncer(run_postgres())
    _running.callback(server.stop)
    return server


@functools.cache
def run_redis() -> Redis:
    """Return the run's Redis, started at the first call."""
    server = Redis()
    _running.callback(server.stop)
    return server


def stop_stores() -> None:
    """Stop those that were started."""
    _running.close()


@pytest.hookimpl(wrapper=True)  # a wrapper comes before pytest-django, which loads settings here
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    choice = os.environ.get("HOARDRUN_TEST_DATABASE", "sqlite")
    if choice not in CHOICES:
        raise pytest.UsageError(
            f"HOARDRUN_TEST_DATABASE={choice!r}: use one of {', '.join(CHOICES)}."
        )
    environment.prepare()
    if choice != "sqlite" and not _only_distributes(early_config):
        try:
            url = run_postgres().database("hoardrun")
            os.environ["DATABASE_URL"] = url if choice == "postgres" else run_pgbouncer().url(url)
            os.environ["REDIS_URL"] = run_redis().url
        except ServerMissing as error:
            raise pytest.UsageError(str(error)) from None
    if "PYTEST_XDIST_WORKER" in os.environ:
        _begin_template(choice)
    yield


def _begin_template(choice: str) -> None:
    """Have the tables made while this worker collects tests: else all workers wait for them.

    Whoever needs them next asks for them again, and then hears why there are none.
    """
    reaper.workspace()  # made by this thread: not twice

    def make() -> None:
        with contextlib.suppress(Exception):
            _ = templates.of_sqlite() if choice == "sqlite" else run_postgres().template

    begun = threading.Thread(target=make, daemon=True)
    begun.start()
    _running.callback(begun.join)


def _only_distributes(config: pytest.Config) -> bool:
    """Say whether this process of xdist leaves the tests to others."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    return not is_worker and bool(getattr(config.known_args_namespace, "numprocesses", 0))


def pytest_report_header() -> str:
    return f"stores: {os.environ.get('HOARDRUN_TEST_DATABASE', 'sqlite')}"


@pytest.hookimpl(tryfirst=True)  # all errors of other plugins
def pytest_unconfigure() -> None:
    stop_stores()
    forked.close()
    reaper.close()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Load no file that has none of the tests of `make test-long` or `make test-operation`."""
    expression = str(config.getoption("markexpr", ""))
    wanted = expression.partition(" and ")[0]
    if wanted not in {"long", "operation"} or not collection_path.match("test_*.py"):
        return None
    is_long = str(collection_path.relative_to(config.rootpath)) in LONG
    text = collection_path.read_text()
    found = f"mark.{wanted}" in text or (wanted == "long" and is_long)
    is_pooled = "or (pooler" in expression and "pgbouncer" in text  # as `.ci/run` adds
    return None if found or is_pooled else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        _leave_out_idle(item)
        if "serve" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.servers)
        if "pgbouncer" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.pooler)
        if _file(item) in LONG:
            item.add_marker(pytest.mark.long)
        if item.nodeid.startswith(STORELESS) and not _asks_for_a_database(item):
            item.add_marker(pytest.mark.storeless)
    # With --no-loadscope-reorder, xdist begins the files in this order.
    if "PYTEST_XDIST_WORKER" in os.environ:
        weights: Counter[str] = Counter()
        for item in items:
            weights[_file(item)] += ALONE if item.get_closest_marker("servers") else 1
        items.sort(key=lambda item: (_file(item) not in FIRST, -weights[_file(item)]))


def _leave_out_idle(item: pytest.Item) -> None:
    """Set up nothing of pytest-django that this test has no use for."""
    if not isinstance(item, pytest.Function) or item.cls or IDLE.isdisjoint(item.fixturenames):
        return
    if not WORDS_OF_IDLE & {*item.fixturenames, *(each.name for each in item.iter_markers())}:
        item.fixturenames[:] = [name for name in item.fixturenames if name not in IDLE]


def _asks_for_a_database(item: pytest.Item) -> bool:
    used = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(used or item.get_closest_marker("django_db"))


def pytest_collection_finish() -> None:
    """Look for garbage only among what tests make: modules and items stay anyway."""
    gc.collect()
    gc.freeze()


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """A real PostgreSQL: `.database(name)` makes a fresh database and returns its URL."""
    try:
        return run_postgres()
    except ServerMissing as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="session")
def pgbouncer(postgres: Postgres) -> PgBouncer:
    """A real PgBouncer before it: `.url(direct)` is the way through it to a database."""
    try:
        return run_pgbouncer()
    except ServerMissing as error:
        pytest.exit(str(error), returncode=1)


@pytest.fixture(scope="session")
def redis() -> Redis:
    """A real Redis: `.url`, `.flush()`, and ways to break it."""
    try:
        return run_redis()
    except ServerMissing as error:
        pytest.exit(str(error), returncode=1)


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that are stopped, and must stop cleanly, when the test ends."""
    with ExitStack() as servers:
        yield lambda *given, **named: servers.enter_context(Server(*given, **named))
