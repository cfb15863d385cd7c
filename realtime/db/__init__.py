"""Database work for an event loop."""
