// Written by `manage.py export_protocol` from the messages and the files beside it.

// What subscriptions filter a message by; null: what its `type` says.
export const FILTERS = {
  "notification": null,
  "transaction_update": "transaction",
  "balance_update": "balance"
};
export const VERSION = "7c289d22a6350641";
