"""Each module of the product has a test file that mirrors it, or a line here that names another.

`a/b/c.py` is mirrored by `tests/a/b/test_c.py`, commands without their folder `commands`. Modules
without functions only declare, and are tested by what uses them.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tests.services.environment import ROOT

PACKAGES = ("hoardrun", "notifications", "realtime")
# Test files, and what else they test: what is reached through the modules that they mirror, or
# what several modules do together.
ALSO = """
hoardrun/api/test_auth.py
    hoardrun/api/tokens hoardrun/api/users
hoardrun/api/test_idempotency.py
    realtime/rest/idempotency
hoardrun/api/test_lists.py
    realtime/rest/pagination
hoardrun/api/test_problems.py
    hoardrun/api/handlers hoardrun/api/parsers
hoardrun/api/test_queries.py
    realtime/rest/routes realtime/rest/views
hoardrun/api/test_roles.py
    realtime/rest/permissions
hoardrun/api/test_schema.py
    hoardrun/api/openapi hoardrun/broadcasts/documentation realtime/rest/parameters
    realtime/rest/schema
hoardrun/api/test_snapshot.py
    realtime/reach
hoardrun/api/test_throttles.py
    hoardrun/strangers
hoardrun/broadcasts/test_approval.py
    hoardrun/broadcasts/rules hoardrun/broadcasts/services hoardrun/broadcasts/state
hoardrun/broadcasts/test_console.py
    hoardrun/broadcasts/apps hoardrun/broadcasts/kinds realtime/console/forms
hoardrun/broadcasts/test_views.py
    hoardrun/broadcasts/models hoardrun/broadcasts/serializers
hoardrun/checks/test_checks.py
    hoardrun/apps hoardrun/checks/findings hoardrun/checks/pages hoardrun/checks/stores
    hoardrun/checks/switches hoardrun/checks/web
hoardrun/forgetting/test_forget.py
    hoardrun/management/commands/forget_user
hoardrun/ledger/test_admin.py
    hoardrun/admin_site hoardrun/ledger/admin_moves
hoardrun/ledger/test_moves.py
    hoardrun/ledger/actors
hoardrun/ledger/test_publishing.py
    hoardrun/ledger/apps hoardrun/ledger/messages hoardrun/ledger/notices
    hoardrun/ledger/payloads
hoardrun/ledger/test_services.py
    hoardrun/ledger/balances hoardrun/ledger/errors hoardrun/ledger/rows
hoardrun/ledger/test_views.py
    hoardrun/ledger/filters hoardrun/ledger/selectors hoardrun/ledger/serializers
    realtime/rest/rows
hoardrun/market/feeds/test_feeds.py
    hoardrun/market/errors hoardrun/market/feeds/__init__ hoardrun/market/feeds/simulator
hoardrun/market/test_rooms.py
    hoardrun/market/apps
hoardrun/market/test_services.py
    hoardrun/market/quotes hoardrun/market/selectors
hoardrun/market/test_views.py
    hoardrun/market/names hoardrun/market/serializers
hoardrun/test_admin.py
    hoardrun/marking
hoardrun/test_option_table.py
    hoardrun/checks/variables hoardrun/management/commands/settings realtime/option_fields
hoardrun/test_policies.py
    hoardrun/static_files
hoardrun/test_asgi.py
    realtime/asgi realtime/jobs
notifications/management/test_announce.py
    notifications/management/commands/notify
notifications/test_admin.py
    notifications/copies notifications/forms realtime/admin_writes
notifications/test_lapses.py
    notifications/apps realtime/computed
notifications/test_publishing.py
    notifications/events notifications/payloads realtime/changes
notifications/test_views.py
    notifications/serializers
realtime/access/test_changes.py
    realtime/access/signals realtime/rest/endpoints
realtime/access/test_odd_tokens.py
    realtime/rest/authentication
realtime/client/test_client.py
    realtime/client/acks realtime/client/handlers realtime/client/link realtime/client/options
    realtime/client/talk
realtime/client/test_reconnecting.py
    realtime/client/connection
realtime/client/test_troubles.py
    realtime/client/errors realtime/client/requests
    realtime/client/snapshot
realtime/cluster/test_reporter.py
    realtime/cluster/nodes_room realtime/registry
realtime/cluster/test_retention.py
    realtime/clock realtime/log/epochs realtime/log/trimming
    realtime/management/commands/bump_epoch realtime/management/commands/trim_events
realtime/cluster/test_serve.py
    realtime/management/commands/disconnect realtime/management/commands/stats
realtime/consumer/test_commands.py
    realtime/rooms
realtime/consumer/test_gate.py
    realtime/consumer/credentials
realtime/consumer/test_login.py
    realtime/consumer/consumer realtime/consumer/greeting realtime/core/transport
    realtime/hub/login_data realtime/hub/socket
realtime/db/test_batch.py
    realtime/db/threads
realtime/hub/test_hub.py
    realtime/hub/sockets
realtime/hub/test_streams.py
    realtime/hub/followed
realtime/log/test_appending.py
    realtime/log/cursors realtime/log/in_one_statement realtime/log/reached
    realtime/log/reading
realtime/protocol/export/test_asyncapi.py
    realtime/protocol/export/catalogue realtime/protocol/export/described
    realtime/protocol/export/examples
realtime/protocol/export/test_markdown.py
    realtime/management/commands/export_protocol realtime/protocol/export/javascript
realtime/protocol/test_codec.py
    realtime/protocol/codes realtime/protocol/commands
realtime/servers/test_http.py
    realtime/core/bodies realtime/core/refusals
realtime/test_admin.py
    realtime/models
realtime/test_commands.py
    realtime/apps realtime/management/commands/serve
scenarios/test_revocation.py
    realtime/access/validity realtime/hub/recheck
"""


def _others() -> dict[str, Path]:
    """Return the test file of each module that `ALSO` names."""
    found: dict[str, Path] = {}
    file = Path()
    for line in ALSO.strip().splitlines():
        if line.startswith(" "):
            found |= dict.fromkeys(line.split(), file)
        else:
            file = Path("tests", line)
    return found


OTHERS = _others()


def _declares_only(module: Path) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return not any(isinstance(node, functions) for node in ast.walk(ast.parse(module.read_text())))


def _modules() -> list[str]:
    found = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return [
        str(path.relative_to(ROOT).with_suffix(""))
        for path in found
        if "migrations" not in path.parts and not _declares_only(path)
    ]


def _mirror(module: str) -> Path:
    folder, _, name = module.replace("management/commands", "management").rpartition("/")
    return Path("tests", folder, f"test_{name}.py")


def test_each_module_has_a_test_file_or_a_line_that_names_one() -> None:
    modules = _modules()
    assert len(modules) > 150
    untested = [m for m in modules if m not in OTHERS and not (ROOT / _mirror(m)).exists()]
    assert untested == [], "add a test file that mirrors it, or a line in tests/test_mirror.py"


def test_each_line_is_needed_and_names_what_there_is() -> None:
    modules = set(_modules())
    assert [module for module in OTHERS if module not in modules] == []
    assert [module for module in OTHERS if (ROOT / _mirror(module)).exists()] == []
    assert [file for file in OTHERS.values() if not (ROOT / file).exists()] == []
