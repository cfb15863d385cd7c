"""Processes that the scenario `notify` measures, in a server's environment on PostgreSQL."""
