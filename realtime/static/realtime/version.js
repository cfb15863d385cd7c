// Written by `manage.py export_protocol` from the files beside it.
export const VERSION = "5b826417a575eafa";
