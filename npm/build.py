"""Pack the browser client for npm: `python -m npm.build`, into var/npm.

The package is what a server has below `/static/realtime/`, file by file, with one difference: its
`worker.js` imports nothing, so that it can be copied, or emitted by a bundler, as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from hoardrun import __version__

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "realtime" / "static" / "realtime"
MODULES = (
    "bell.js",
    "bellpage.js",
    "bellstyle.js",
    "bellview.js",
    "client.js",
    "connection.js",
    "device.js",
    "devices.js",
    "icons.js",
    "inbox.js",
    "look.js",
    "market.js",
    "parts.js",
    "payees.js",
    "payments.js",
    "preferences.js",
    "presence.js",
    "settings.js",
    *(f"settings/{path.name}" for path in sorted((STATIC / "settings").glob("*.js"))),
    "push.js",
    "pushworker.js",
    "shared.js",
    "shown.js",
    "until.js",
    "version.js",
    "words.js",
)
DECLARATIONS = (
    "bell.d.ts", "client.d.ts", "device.d.ts", "devices.d.ts", "inbox.d.ts", "market.d.ts",
    "payees.d.ts", "payments.d.ts",
    "preferences.d.ts",
    "presence.d.ts", "settings.d.ts",
    "push.d.ts",
)  # fmt: skip
# The worker and what it imports, each after what it needs.
WORKER = ("version.js", "parts.js", "connection.js", "worker.js")
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const|class|function|async)", re.MULTILINE)
TOP = re.compile(r"^(?:async )?(?:const|let|class|function) \{?\s*(\w+)", re.MULTILINE)


def worker(folder: Path = STATIC) -> str:
    """Write the worker and all that it imports as one file; ValueError where that cannot be."""
    parts = []
    for name in WORKER:
        text = (folder / name).read_text(encoding="utf-8")
        if missing := {*IMPORT.findall(text)} - {*WORKER[: WORKER.index(name)]}:
            raise ValueError(f"{name} imports {', '.join(sorted(missing))}, which comes after it.")
        parts.append(
            re.sub(r"^export (?=const|class|function|async)", "", IMPORT.sub("", text), flags=re.M)
        )
    whole = "\n".join(parts)
    if left := re.findall(r"^(?:import|export)\b.*", whole, re.MULTILINE):
        raise ValueError(f"worker.js cannot be one file: {left[0]}")
    names = TOP.findall(whole)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"worker.js cannot be one file: {', '.join(twice)} stands in two modules.")
    return whole


def build(folder: Path) -> None:
    """Lay the package out in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in MODULES + DECLARATIONS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(STATIC / name, folder / name)
    (folder / "worker.js").write_text(worker(), encoding="utf-8")
    about = json.loads((ROOT / "npm" / "package.json").read_text(encoding="utf-8"))
    about["version"] = __version__
    about["files"] = sorted([*MODULES, *DECLARATIONS, "worker.js"])
    (folder / "package.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    shutil.copyfile(ROOT / "npm" / "README.md", folder / "README.md")
    shutil.copyfile(ROOT / "LICENSE", folder / "LICENSE")


def pack(folder: Path) -> Path:
    """Build the package in `folder`/package and pack it; returns the archive."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("There is no npm: install it (on Debian: apt-get install npm).")
    build(folder / "package")
    ran = subprocess.run(
        [npm, "pack", "./package", "--json"], cwd=folder, check=True, capture_output=True, text=True
    )
    return folder / str(json.loads(ran.stdout)[0]["filename"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "npm")
    print(pack(parser.parse_args().folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
