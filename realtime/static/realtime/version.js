// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "10d144c7d76facc7";
