// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "cce3732be40da1f7";
