// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "b0038f203bcb018a";
