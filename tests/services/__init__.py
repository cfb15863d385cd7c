"""Real servers for the tests, started for one run and ended with it.

- `plugin`       prepares the environment before Django loads; the fixtures
- `environment`  which variables a test run sets and which it takes away
- `binaries`     where PostgreSQL and Redis come from
- `postgres`, `redis`, `server`  one class each for a running server
- `client`, `web`  a WebSocket client and an HTTP request
- `process`, `reaper`, `ports`  children that never outlive the run; free ports; waiting
"""
