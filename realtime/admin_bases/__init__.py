"""Bases of the admin's pages, for all apps: `pages` reads, `writes` writes. They know no model."""
