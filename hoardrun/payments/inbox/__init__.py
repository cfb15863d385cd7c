"""The callbacks of providers: stored as they came, answered at once, and read after that."""
