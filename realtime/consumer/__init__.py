"""One socket's life: credentials, gate, login, greeting, commands."""
