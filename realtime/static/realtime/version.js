// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "4ae17095f9586f5a";
