"""What the OpenAPI document says of the whole API; `hoardrun.settings` is the only caller."""

from __future__ import annotations

from typing import Any

TAGS = {
    "auth": "Log in, stay logged in, log out.",
    "realtime": "Tickets and snapshots for sockets; who is connected.",
    "notifications": "Your inbox.",
    "announcements": "What everybody is told.",
    "accounts": "Your accounts and their balances.",
    "transactions": "Money that moves on your accounts.",
    "market": "Instruments and their newest quotes.",
    "broadcast": "Push to the sockets; staff with the right to.",
}
# Fields called `type` and `status` mean another thing in each app.
ENUMS = {
    "AccountTypeEnum": "hoardrun.ledger.choices.AccountType",
    "AccountStatusEnum": "hoardrun.ledger.choices.AccountStatus",
    "TransactionTypeEnum": "hoardrun.ledger.choices.TransactionType",
    "TransactionStatusEnum": "hoardrun.ledger.choices.TransactionStatus",
    "DirectionEnum": "hoardrun.ledger.choices.Direction",
    "PaymentMethodEnum": "hoardrun.ledger.choices.PaymentMethod",
    "ProviderEnum": "hoardrun.ledger.choices.Provider",
    "CurrencyEnum": "hoardrun.ledger.money.Currency",
    "NotificationTypeEnum": "notifications.choices.NotificationType",
    "NotificationStatusEnum": "notifications.choices.Status",
    "PriorityEnum": "notifications.choices.Priority",
    "BulkOutcomeEnum": "notifications.choices.BulkOutcome",
    "InstrumentTypeEnum": "hoardrun.market.models.Instrument.Type",
    "InstrumentStatusEnum": "hoardrun.market.models.Instrument.Status",
}


def settings(version: str, *, debug: bool) -> dict[str, Any]:
    """Return SPECTACULAR_SETTINGS."""
    demo = " (in the demo `amina` and `amina-demo-pass`)" if debug else ""
    return {
        "TITLE": "hoardrun",
        "DESCRIPTION": (
            "Notifications, transactions, balances and market data. What staff broadcasts and sees "
            "of the sockets is here too; the socket itself is described at `/ws/schema`.\n\n"
            "To try it on this page: send a `username` and a `password` to "
            f"`POST /api/v1/auth/token`{demo}, copy `access` from the answer, press **Authorize** "
            "and paste it as `jwtAuth`. "
            "It lasts for `expires_in` seconds; `POST /api/v1/auth/refresh` gives the next.\n\n"
            "A list that takes `page_size` comes in pages: begin with `?page_size=50`, go on at "
            "the address in `next`. Whichever way you page, the header `Link` "
            'has the address of the next page (`rel="next"`), and with `total=true` the header '
            "`X-Total-Count` says how many rows there are. Every other list comes whole."
        ),
        "TAGS": [{"name": name, "description": text} for name, text in TAGS.items()],
        "VERSION": version,
        "SERVE_INCLUDE_SCHEMA": False,
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "hoardrun.api.schema.add_what_all_share",
        ],
        "ENFORCE_NON_BLANK_FIELDS": True,
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "ENUM_NAME_OVERRIDES": ENUMS,
    }
