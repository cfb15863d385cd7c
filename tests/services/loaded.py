"""The process that has loaded what asks for no settings, and runs programs in forks of itself.

`tests.services.forked` starts it and says which programs. The rest of hoardrun each program loads
itself, with the settings of its own environment.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import struct
import sys
import time
import types
from typing import Any

NUMBER = struct.Struct("!i")  # the program's process, then its exit code

# Those that take long and ask for no settings; with them comes what they import.
LIBRARIES = (
    "babel.dates",
    "babel.numbers",
    "channels.apps",
    "channels.consumer",
    "channels.layers",
    "channels_redis.pubsub",
    "corsheaders.middleware",
    "cryptography.x509",
    "django.contrib.admin",
    "django.contrib.admindocs.views",
    "django.contrib.auth.hashers",
    "django.contrib.auth.tokens",
    "django.contrib.postgres.fields",
    "django.contrib.sessions.middleware",
    "django.core.cache.backends.redis",
    "django.core.mail.backends.smtp",
    "django.core.management.base",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.middleware.common",
    "django.template.defaultfilters",
    "django.template.defaulttags",
    "django.test",
    "drf_spectacular.utils",
    "environ",
    "h2.events",
    "http_ece",
    "httpcore",
    "jwt",
    "msgspec",
    "phonenumbers",
    "prometheus_client",
    "psycopg_pool",
    "py_vapid",
    "pygments.formatters",
    "pygments.lexers",
    "redis.asyncio",
    "requests",
    "rest_framework.authentication",
    "rest_framework.mixins",
    "rest_framework.permissions",
    "rest_framework_simplejwt.utils",
    "servestatic.middleware",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "uvicorn.supervisors.multiprocess",
    "uvloop",
    "websockets.extensions.permessage_deflate",
)
# And ours: none that asks for a setting, or reads the environment, while it is loaded.
OURS = (
    "hoardrun.admin_labels",
    "hoardrun.bounds",
    "hoardrun.handler",
    "hoardrun.ledger.journal.agreement",
    "hoardrun.payments.providers.registry",
    "hoardrun.stores",
    "notifications.channels.email.smtp",
    "notifications.channels.push.web",
    "notifications.delivery.deployment",
    "notifications.kinds.own",
    "notifications.texts.emergency",
    "notifications.trace.masks",
    "realtime.console.forms",
    "realtime.consumer.ending",
    "realtime.hub.rooms",
    "realtime.servers.door",
    "realtime.sql.failover",
)


def main(descriptor: int) -> None:
    """Serve until the other end of the socket closes; return in each fork, once it is to run."""
    # Without it, what asks for a setting here fails, and is not given that of another program.
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    for name in LIBRARIES + OURS:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is shared with the forks stays shared
    signal.signal(signal.SIGCHLD, _take_leave)
    with socket.socket(fileno=descriptor) as asked:
        while True:
            _, given, *_ = socket.recv_fds(asked, 1, 3)
            if not given:
                sys.exit()
            if os.fork() == 0:
                break
            for one in given:
                os.close(one)
    connection, *streams = given
    program = _keep(socket.socket(fileno=connection))
    for number, stream in enumerate(streams, 1):
        os.dup2(stream, number)
    for name in os.listdir("/dev/fd"):
        if int(name) > 2:
            with contextlib.suppress(OSError):  # the one that read the list
                os.close(int(name))
    _run(program)


def _take_leave(*_: object) -> None:
    """Wait for forks that have ended, so that their CPU counts as this run's."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(connection: socket.socket) -> dict[str, Any]:
    """Fork once more; return in the program, and elsewhere wait for its end and tell of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile() as lines:
        program: dict[str, Any] = json.loads(lines.readline())
    ready, begun = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.write(begun, b".")
        connection.detach()
        return program
    os.read(ready, 1)  # signals to its group arrive from here on
    with contextlib.suppress(OSError):
        connection.sendall(NUMBER.pack(pid))
        _, status = os.waitpid(pid, 0)
        connection.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _run(program: dict[str, Any]) -> None:
    """Do what `python` does with a file, `-c` and a text, or `-m` and a module; then arguments."""
    os.chdir(program["folder"])
    os.environ.clear()
    os.environ.update(program["environment"])
    time.tzset()
    sys.argv = program["words"]
    sys.path[0] = program["folder"]
    codes: list[int] = []
    atexit.register(_leave, codes)  # the first of all, and therefore called last
    try:
        if sys.argv[0] == "-c":
            text, sys.path[0] = sys.argv.pop(1), ""
            sys.modules["__main__"] = main = types.ModuleType("__main__")
            exec(compile(text, "<string>", "exec"), main.__dict__)
        elif sys.argv[0] == "-m":
            del sys.argv[0]
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
        codes.append(0)
    except SystemExit as end:
        if isinstance(end.code, int):
            codes.append(end.code)
        raise


def _leave(codes: list[int]) -> None:
    """End at once: to free what is shared with other forks takes a fifth of a program's CPU."""
    if codes:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(codes[0] & 0xFF)


if __name__ == "__main__":
    main(int(sys.argv[1]))
