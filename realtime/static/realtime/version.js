// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "8f7807670df578e1";
