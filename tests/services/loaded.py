"""The process that has loaded the libraries, and runs Python programs in forks of itself.

`tests.services.forked` starts it and says which programs. Only libraries are loaded here: each
program loads hoardrun itself, with the settings of its own environment.
"""

from __future__ import annotations

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
from typing import Any

NUMBER = struct.Struct("!i")  # the program's process, then its exit code

# Those that take long and ask for no settings; with them comes what they import.
LIBRARIES = (
    "babel.dates",
    "babel.numbers",
    "channels.layers",
    "channels_redis.pubsub",
    "cryptography.x509",
    "django.contrib.admin",
    "django.contrib.postgres.fields",
    "django.core.management.base",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.template.defaultfilters",
    "django.template.defaulttags",
    "environ",
    "h2.events",
    "http_ece",
    "httpcore",
    "jwt",
    "msgspec",
    "phonenumbers",
    "prometheus_client",
    "psycopg_pool",
    "pygments.formatters",
    "pygments.lexers",
    "py_vapid",
    "redis.asyncio",
    "requests",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "uvicorn.supervisors.multiprocess",
    "uvloop",
    "websockets.extensions.permessage_deflate",
)


def main(descriptor: int) -> None:
    """Serve until the other end of the socket closes; return in each fork, once it is to run."""
    for name in LIBRARIES:
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
    """Do what `python` does with a file and its arguments."""
    os.chdir(program["folder"])
    os.environ.clear()
    os.environ.update(program["environment"])
    time.tzset()
    sys.argv = program["words"]
    sys.path[0] = program["folder"]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main(int(sys.argv[1]))
