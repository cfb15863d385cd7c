"""Benchmarks against peers, each started and measured in the same run.

- `__main__`    the command line: `python -m bench fanout --quick`
- `scenarios/`  what is measured: one file and one registry line each; `scenario` says how
- `contenders`  who is measured: the registry, with one file each in `peers/`; `contender`
                says how
- `broadcast`   publish to all sockets, and what that cost
- `runner`      rounds, in which the contenders take turns
- `client`      the process that holds the sockets, which `opening` connects; `load` is its
                handle in the run
- `crowd`       the same for clients that come back when they lose their connection
- `frames`, `checker`  pure: WebSocket frames and markers; exactly once and in order
- `publishers`  what makes a contender send: raw sockets, or a process of its own
- `processes`, `buffers`, `stores`  CPU and memory; the kernel's memory of sockets; PostgreSQL
                and Redis
- `results`, `goals`, `report`, `chart`  medians, ratios, the table, the picture
"""
