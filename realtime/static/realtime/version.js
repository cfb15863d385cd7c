// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "242f67261d544dfc";
