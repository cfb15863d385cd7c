// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "6fa10d06de153710";
