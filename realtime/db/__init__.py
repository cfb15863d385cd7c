"""The database: work for an event loop, and the triggers that keep records as they are."""
