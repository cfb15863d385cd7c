"""A Firefox without a screen, driven by Marionette: JSON over TCP, each text after its length."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path
from typing import Any, Self

from tests.services.ports import PATIENCE, free_port, wait_until
from tests.services.process import Process

# What it would ask the internet for at its start, and what it would show to a person.
QUIET: dict[str, Any] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.contentblocking.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.ipc.processPrelaunch.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}


def binary() -> str:
    """Find the machine's Firefox; empty if there is none."""
    return shutil.which("firefox-esr") or shutil.which("firefox") or ""


class Firefox:
    """A browser with a profile in a new folder. Raises RuntimeError for what a command refuses."""

    def __init__(self, folder: Path, **preferences: Any) -> None:
        profile = folder / "profile"
        profile.mkdir()
        port = free_port()
        given = QUIET | {"marionette.port": port} | preferences
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in given.items()
        )
        (profile / "user.js").write_text("\n".join(lines))
        rights = "--remote-allow-system-access"  # to click what the browser itself shows
        self._process = Process(
            [
                *(binary(), "--headless", "--no-remote", "--marionette", rights),
                *("--profile", str(profile)),
            ],
            log=folder / "log",
            env={**os.environ, "HOME": str(folder), "MOZ_CRASHREPORTER_DISABLE": "1"},
            cwd=folder,
        )
        self._number = 0
        self._socket: socket.socket
        self._process.until(lambda: self._connected(port), seconds=60, what="Firefox listens")
        self.command("WebDriver:NewSession", capabilities={})

    def _connected(self, port: int) -> bool:
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), 60 * PATIENCE)
        except OSError:
            return False
        self._read()  # its greeting
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._socket.close()
        self._process.kill()

    def command(self, name: str, **parameters: Any) -> Any:
        """Send a command and return its answer."""
        self._number += 1
        text = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, answer = self._read()
        assert number == self._number
        if error:
            raise RuntimeError(f"{name}: {error['message']}")
        return answer

    def go(self, url: str) -> None:
        self.command("Marionette:SetContext", value="content")
        self.command("WebDriver:Navigate", url=url)

    def run(self, script: str, *arguments: Any, chrome: bool = False) -> Any:
        """Run the body of an asynchronous function in the page, or with the browser's rights.

        Its arguments are in `given`.
        """
        self.command("Marionette:SetContext", value="chrome" if chrome else "content")
        body = f"""
            const given = [...arguments], done = given.pop();
            (async () => {{ {script} }})().then(
                (value) => done({{value}}), (error) => done({{error: String(error)}}))
        """
        answer = self.command("WebDriver:ExecuteAsyncScript", script=body, args=list(arguments))
        answer = answer["value"]
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    def until(self, script: str, *arguments: Any, chrome: bool = False, seconds: float = 15) -> Any:
        """Run a script until it returns something true, and return that."""
        found = None

        def is_true() -> bool:
            nonlocal found
            found = self.run(script, *arguments, chrome=chrome)
            return bool(found)

        wait_until(is_true, seconds=seconds, what=script)
        return found

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            length += self._receive(1)
        return json.loads(self._receive(int(length[:-1])))

    def _receive(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self._socket.recv(count - len(found))
            if not part:
                raise RuntimeError(f"Firefox has gone:\n{self._process.tail()}")
            found += part
        return found
