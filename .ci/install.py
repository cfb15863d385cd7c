"""Install requirements, and say on one moving line how far it is: `install.py FILE`.

A pip of before 2024 takes four times as long to choose versions: it is replaced first, where an
index has a newer one. pip would compile one file after the other; here each core takes some.
"""

from __future__ import annotations

import compileall
import importlib.metadata
import subprocess
import sys
import sysconfig

# What a line of pip begins with, and what to call it.
STEPS = {"Collecting ": "reading", "Downloading ": "fetching", "Building ": "building"}
FAST_PIP = 24
PIP = [sys.executable, "-u", "-m", "pip", "install", "--disable-pip-version-check"]
OPTIONS = ["--progress-bar", "off", "--no-compile"]


def main(requirements: str) -> int:
    if int(importlib.metadata.version("pip").split(".")[0]) < FAST_PIP:
        newer = [*PIP, *OPTIONS, "--quiet", f"pip>={FAST_PIP}"]
        subprocess.run(newer, capture_output=True, check=False)  # the old one does, too
    is_terminal = sys.stdout.isatty()
    said: list[str] = []
    seen: set[str] = set()
    with subprocess.Popen(
        [*PIP, *OPTIONS, "-r", requirements],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
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
    else:
        # Packages bring files that are no Python of this version: those stay as they are.
        for folder in {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}:
            compileall.compile_dir(folder, quiet=2, workers=0)
    return pip.returncode


def _tell(text: str, is_terminal: bool) -> None:
    if is_terminal:
        print(f"\r\x1b[K  {text[:76]}", end="", flush=True)
    else:
        print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
