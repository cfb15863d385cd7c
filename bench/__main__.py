"""The command line: `python -m bench fanout --quick`. See `--help`."""

from __future__ import annotations

import argparse
import resource
import signal
import sys
from pathlib import Path

from bench import chart, report, runner
from bench.contender import Bench
from bench.results import Results
from bench.scenario import Scenario
from bench.scenarios import SCENARIOS
from tests.services import environment, reaper
from tests.services.binaries import ServerMissing
from tests.services.plugin import stop_stores
from tests.services.stamp import Stamp

OPEN_FILES = 100_000


def _arguments() -> argparse.Namespace:
    listed = "\n".join(f"  {scenario.name:8} {scenario.summary}" for scenario in SCENARIOS)
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure hoardrun against its peers, each started in this run.",
        epilog=f"scenarios:\n{listed}\n  all      every one of them\n\n"
        "python -m bench scale --help: what a deployment needs, calculated from unit costs",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("scenario", nargs="+", choices=[*names, "all"], metavar="scenario")
    parser.add_argument("--quick", action="store_true", help="small sizes and one round")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each contender runs")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write table.md, results.json and the charts (PNG and SVG) there",
    )
    parser.add_argument(
        "--only", default="", metavar="NAME,...", help="run these contenders and no others"
    )
    parser.add_argument(
        "--sockets", type=int, metavar="N", help="sockets of crowd, in place of its own number"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes of crowd, in place of 1 and then 4"
    )
    parser.add_argument(
        "--deliveries",
        type=int,
        metavar="N",
        help="rows of `why` in notify, in place of 1,000,000; its goal is for 10,000,000",
    )
    return parser.parse_args()


def _allow_files() -> None:
    """Let us and our children have as many sockets as a scenario opens, if the system does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> int:
    """Run what was asked for; 1 when a contender lost, doubled or reordered a message."""
    if sys.argv[1:2] == ["scale"]:
        from bench.scale import command  # apart: it measures nothing unless asked to

        _allow_files()
        return command.main(sys.argv[2:])
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = [s for s in SCENARIOS if {s.name, "all"} & set(arguments.scenario)]
    # A name may have commas itself, such as "4,000 on 1", and is then given alone.
    only = [name for name in (arguments.only, *arguments.only.split(",")) if name]
    measured: list[tuple[Scenario, Results]] = []
    stamp = Stamp.now()
    tables: list[str] = []
    _allow_files()
    try:
        environment.prepare()
        bench = Bench(
            quick=arguments.quick,
            sockets=arguments.sockets,
            workers=arguments.workers,
            deliveries=arguments.deliveries,
        )
        for scenario in chosen:
            results = Results()
            measured.append((scenario, results))
            runner.run(scenario, bench, results, rounds=arguments.rounds, only=only)
            if not results.samples:
                names = ", ".join(part.name for part in scenario.parts)
                bench.progress(f"{scenario.name}: nothing was measured; there are {names}")
                continue
            tables.append(report.text(scenario, results, quick=arguments.quick))
            print(tables[-1], end="\n\n", flush=True)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except ServerMissing as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        stop_stores()
        reaper.close()
        if arguments.out and any(results.samples for _, results in measured):
            arguments.out.mkdir(parents=True, exist_ok=True)
            (arguments.out / "table.md").write_text("\n\n".join([str(stamp), *tables]) + "\n")
            file = arguments.out / "results.json"
            report.write_json(file, measured, stamp, quick=arguments.quick)
    if arguments.out:
        for file in chart.draw_all(measured, arguments.out):
            print(f"drew {file}", file=sys.stderr)
    return 1 if any(results.failed() for _, results in measured) else 0


if __name__ == "__main__":
    sys.exit(main())
