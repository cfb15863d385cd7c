"""HTTP that spans the apps: login, snapshot, broadcasts."""
