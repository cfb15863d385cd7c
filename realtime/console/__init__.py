"""The console: a page for staff to watch and try the wire."""
