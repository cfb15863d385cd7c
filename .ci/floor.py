"""Say what tests reach of the product, and hold the floor of pyproject.toml, which only rises.

`make coverage` runs it on the data of `coverage combine`. Fails below the floor.
"""

from __future__ import annotations

import sys

from coverage import Coverage


def main() -> int:
    data = Coverage()
    data.load()
    reached = data.report()  # statements and branches together, in percent
    floor = float(data.get_option("report:fail_under"))  # type: ignore[arg-type]
    print(f"Tests reach {reached:.2f} % of the statements and branches; the floor is {floor} %.")
    if reached < floor:
        print("Add tests for what is missing above.", file=sys.stderr)
        return 1
    if reached >= floor + 1:  # half a percent remains for what chance decides in tests
        print(f"Raise the floor: set fail_under = {int(reached * 2 - 1) / 2} in pyproject.toml.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
