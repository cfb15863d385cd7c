// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "8678aa14335e3b0c";
