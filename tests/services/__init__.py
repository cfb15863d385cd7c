"""Real servers for the tests, started for one run and ended with it.

- `plugin`       prepares the environment before Django loads; the fixtures
- `environment`  which variables a test run sets and which it takes away
- `binaries`     where PostgreSQL and Redis come from
- `postgres`, `redis`, `server`  one class each for a running server; `store` is what the first
  two share, `statements` counts what PostgreSQL is asked
- `client`, `web`  a WebSocket client and an HTTP request
- `stream`, `frames`, `handshake`, `raw`  bytes of a WebSocket, read and written by hand
- `process`, `driven`, `reaper`, `ports`  children that never outlive the run, and that do what
  they are told; free ports; waiting
- `forked`, `loaded`  starts `manage.py` without loading the libraries each time
- `stamp`        the commit and the machine of a run
"""
