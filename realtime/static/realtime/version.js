// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "8ba4266c8ffd5c92";
