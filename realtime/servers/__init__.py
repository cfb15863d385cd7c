"""What the ASGI servers need to serve us well."""
