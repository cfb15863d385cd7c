"""`manage.py serve`: serve HTTP and WebSocket with uvicorn, set up as hoardrun needs it."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import socket
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import ALL_CHECKS, CommandError
from django.db import DatabaseError, connections

from realtime.cluster import first_process, serve
from realtime.cluster.companion import Companion
from realtime.cluster.listening import Listeners
from realtime.cluster.service_manager import ServiceManager
from realtime.core.origin import is_loopback
from realtime.log import durability
from realtime.management import base
from realtime.options import is_set
from realtime.options import options as options_of_engine
from realtime.servers import descriptors
from realtime.sql import schema
from realtime.sql.errors import explain, reason_of

MAX_WORKERS = 1024


class Command(base.Command):
    is_one_piece = False
    requires_system_checks = ALL_CHECKS
    help = "Serve HTTP and WebSocket: the command for production and for development."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on.")
        parser.add_argument(
            "--port",
            type=base.whole(maximum=65535),
            default=8000,
            help="Port to listen on; 0 chooses a free one.",
        )
        parser.add_argument(
            "--workers",
            type=base.whole(1, MAX_WORKERS),
            default=1,
            help="Processes; more than one needs REDIS_URL.",
        )
        parser.add_argument(
            "--simulate-market",
            action="store_true",
            help="Simulate market prices, for a demo or development.",
        )
        parser.add_argument(
            "--source",
            action="append",
            default=[],
            metavar="NAME",
            help="Where prices come from, such as kraken, in place of MARKET_SOURCES; repeatable.",
        )
        parser.add_argument(
            "--with-delivery",
            action="store_true",
            help="Run `manage.py deliver` beside it, in a process that ends with this one.",
        )
        parser.add_argument(
            "--with-payments",
            action="store_true",
            help="Run `manage.py payments` beside it, in the same way.",
        )

    def handle(self, *, host: str, port: int, workers: int, **options: Any) -> None:
        first_process.step_down()
        if workers > 1 and not settings.REDIS_URL:
            raise CommandError(
                "Several workers need a channel layer between them: set REDIS_URL, "
                "or serve with --workers 1."
            )
        if not settings.DEBUG and (options["simulate_market"] or "simulator" in options["source"]):
            raise CommandError("Simulated prices look as real ones do: they are for DEBUG=1 alone.")
        manager = ServiceManager.of_environment()
        try:
            schema.require_applied()
            schema.require_known(settings.VERSION)
            durability.require()
        except schema.Unfit as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            found = explain(error)
            reason = reason_of(error).rstrip(".")
            raise CommandError(
                f"The database cannot be used: {found.says} {reason}. {found.do}"
            ) from None
        finally:
            connections.close_all()
        # In the environment too: workers read the settings again.
        if options["simulate_market"]:
            os.environ["SIMULATE_MARKET"] = "1"
            settings.SIMULATE_MARKET = True
        if chosen := tuple(options["source"]):
            os.environ["MARKET_SOURCES"] = ",".join(chosen)
            settings.MARKET = settings.MARKET | {"MARKET_SOURCES": chosen}
        sockets = options_of_engine().max_connections_per_node
        descriptors.raise_limit(sockets)
        config = serve.config(host=host, port=port, workers=workers)
        try:
            listeners = Listeners(config)
        except OSError as error:
            raise CommandError(_not_listening(error, host, port)) from None
        site = f"[{host}]" if ":" in host else host
        port = listeners.port  # the chosen one, for --port 0
        self.stdout.write(f"hoardrun serves at http://{site}:{port}/ (Ctrl-C ends it)")
        self.stdout.flush()
        if few := descriptors.shortage(sockets, is_chosen=is_set("max_connections_per_node")):
            self.stderr.write(f"{few}Raise the limit, or set fewer.")
        if hint := unreachable(host, settings.ALLOWED_HOSTS):
            self.stderr.write(hint)
        # uvicorn raises the signal that stopped it again at its end: ignore that.
        signal.signal(signal.SIGTERM, lambda *_: None)
        beside = {"deliver": "with_delivery", "payments": "with_payments"}
        companions = [Companion(command) for command, name in beside.items() if options[name]]
        for companion in companions:
            companion.start()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                serve.run(config, listeners, manager)
        finally:
            for companion in companions:
                companion.stop()
        self.stdout.write("hoardrun has stopped.")


def unreachable(host: str, allowed: Sequence[str]) -> str | None:
    """Return what to set if other machines reach the port but ALLOWED_HOSTS refuses them."""
    if is_loopback(host) or not all(map(is_loopback, allowed)):
        return None
    everywhere = host in {"", "0.0.0.0", "::"}
    return (
        "Other machines reach this port but are answered with 400, since ALLOWED_HOSTS names only "
        f"this one. Set ALLOWED_HOSTS={_own_address() if everywhere else host},localhost."
    )


def _own_address() -> str:
    """Return this machine's address in its network, without sending anything."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "192.168.1.20"


def _not_listening(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; stop that process or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} takes rights that you have not; choose one above 1023 with --port."
    return f"{host} cannot be listened at: {error.strerror}. --host takes an address of here."
