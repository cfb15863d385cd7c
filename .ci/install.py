"""Install requirements, and say on one moving line how far it is: `install.py FILE`."""

from __future__ import annotations

import subprocess
import sys

# What a line of pip begins with, and what to call it.
STEPS = {"Collecting ": "reading", "Downloading ": "fetching", "Building ": "building"}


def main(requirements: str) -> int:
    command = [sys.executable, "-u", "-m", "pip", "install", "--disable-pip-version-check"]
    options = ["--progress-bar", "off", "-r", requirements]
    is_terminal = sys.stdout.isatty()
    said: list[str] = []
    seen: set[str] = set()
    with subprocess.Popen(
        command + options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            said.append(line)
            text = line.strip()
            step = next((step for step in STEPS if text.startswith(step)), None)
            if text.startswith("Installing collected"):
                _tell(f"installing {len(seen)} packages, half a minute", is_terminal)
            elif step is not None:
                name = text.removeprefix(step).split()[0].split("/")[-1]
                seen.add(name) if step == "Collecting " else None
                if is_terminal or (step == "Collecting " and len(seen) % 20 == 0):
                    _tell(f"{len(seen)} packages, {STEPS[step]} {name}", is_terminal)
    print()
    if pip.returncode:
        sys.stderr.writelines(said[-20:])
    return pip.returncode


def _tell(text: str, is_terminal: bool) -> None:
    if is_terminal:
        print(f"\r\x1b[K  {text[:76]}", end="", flush=True)
    else:
        print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
