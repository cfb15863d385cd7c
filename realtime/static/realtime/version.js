// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "4736da6bbaca6a09";
