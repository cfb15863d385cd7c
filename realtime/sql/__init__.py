"""SQL and PostgreSQL's own ways, where Django's models do not reach."""
