"""What the HTTP APIs of all apps share."""
