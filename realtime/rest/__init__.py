"""The base of all apps' HTTP APIs, and the engine's own endpoints."""
