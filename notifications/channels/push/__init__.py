"""Push: to browsers by the Web Push protocol, to apps by Firebase and Apple."""
