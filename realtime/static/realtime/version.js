// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "812698b8d9a1a966";
