"""Django settings: safe by default, three variables away from production.

The environment is read through `hoardrun.env` only; README lists every variable.
Nothing set gives the embedded default: SQLite, an in-memory layer, DEBUG off.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured

from hoardrun import __version__, env
from realtime.core.origin import LOOPBACK

BASE_DIR: Path = env.BASE_DIR

VERSION = __version__

# -- what kind of run this is
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret_key(debug=DEBUG)
SECRET_KEY_FALLBACKS = env.keys("SECRET_KEY_FALLBACKS")  # of before: they only verify
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
REDIS_URL = env.redis_url()

CSRF_FAILURE_VIEW = "hoardrun.problems.csrf_failure"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # for a login that does not say where to

# -- applications
INSTALLED_APPS = [
    # First: gives runserver its ASGI server. Only there, as Twisted takes half a second to load.
    *(["daphne"] if "runserver" in sys.argv else []),
    "hoardrun.admin_site.AdminConfig",  # Django's admin, which keeps secrets
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "realtime",
    "notifications",
    "hoardrun",
    "hoardrun.ledger",
    "hoardrun.market",
    "hoardrun.broadcasts",
]

MIDDLEWARE = [
    "hoardrun.request_id.add_request_id",
    "hoardrun.policies.add_policies",
    "django.middleware.security.SecurityMiddleware",
    "hoardrun.cors.CorsMiddleware",  # outside of all that refuses, so that pages read why
    "hoardrun.request_text.RequestText",
    "hoardrun.static_files.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hoardrun.strangers.Strangers",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "hoardrun.urls"
ASGI_APPLICATION = "hoardrun.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# -- stores
DATABASES = {"default": env.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = env.channel_layers(REDIS_URL)
CACHES = env.caches(REDIS_URL)

# -- language, time, static files
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
SERVESTATIC_USE_FINDERS = True  # no collectstatic needed to begin with
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_MIMETYPES = {".ts": "text/plain"}  # TypeScript, which others take for a video

# -- passwords and tokens
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SIMPLE_JWT: dict[str, Any] = {
    "ACCESS_TOKEN_LIFETIME": timedelta(
        minutes=env.number("ACCESS_TOKEN_MINUTES", 15, minimum=0.01, maximum=525_600)
    ),
    "REFRESH_TOKEN_LIFETIME": timedelta(
        days=env.number("REFRESH_TOKEN_DAYS", 7, minimum=0.01, maximum=3650)
    ),
    "CHECK_REVOKE_TOKEN": True,  # a changed password ends every token
    "AUDIENCE": "hoardrun",
    "ISSUER": "hoardrun",
    "LEEWAY": 5,
    **env.jwt_keys(SECRET_KEY),
}
JWT_FALLBACK_KEYS = env.jwt_fallbacks(SECRET_KEY_FALLBACKS)  # of before: they only verify
# For how long after its use a refresh token is exchanged for the same successor again.
REFRESH_GRACE_SECONDS = env.number("REFRESH_GRACE_SECONDS", 30, maximum=3600)

# -- HTTP API
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "realtime.rest.authentication.LoginAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hoardrun.problems.StrictJSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter of the schema alone
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "hoardrun.problems.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["hoardrun.api.throttles.EveryRequest"],
    "DEFAULT_THROTTLE_RATES": {
        "read": env.rate("READ_RATE", "600/min"),
        "write": env.rate("WRITE_RATE", "300/min"),
        "stranger": env.rate("STRANGER_RATE", "300/min"),
        "login": env.rate("LOGIN_RATE", "20/min"),
        "login_address": env.rate("LOGIN_ADDRESS_RATE", "30/min"),
        "login_name": env.rate("LOGIN_NAME_RATE", "60/hour"),
        "ticket": env.rate("TICKET_RATE", "120/min"),
        "broadcast": env.rate("BROADCAST_RATE", "60/min"),
    },
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "hoardrun",
    "DESCRIPTION": (
        "Notifications, transactions, balances and market data. What staff broadcasts and sees of "
        "the sockets is here too; the socket itself is described at `/ws/schema`.\n\n"
        "To try it on this page: send a `username` and a `password` to `POST /api/v1/auth/token`"
        + (" (in the demo `amina` and `amina-demo-pass`)" if DEBUG else "")
        + ", copy `access` from the answer, press **Authorize** and paste it as `jwtAuth`. "
        "It lasts for `expires_in` seconds; `POST /api/v1/auth/refresh` gives the next.\n\n"
        "A list that takes `page_size` comes in pages: begin with `?page_size=50`, go on at the "
        "address in `next`. Whichever way you page, the header `Link` "
        'has the address of the next page (`rel="next"`), and with `total=true` the header '
        "`X-Total-Count` says how many rows there are. Every other list comes whole."
    ),
    "TAGS": [
        {"name": "auth", "description": "Log in, stay logged in, log out."},
        {"name": "realtime", "description": "Tickets and snapshots for sockets; who is connected."},
        {"name": "notifications", "description": "Your inbox."},
        {"name": "announcements", "description": "What everybody is told."},
        {"name": "accounts", "description": "Your accounts and their balances."},
        {"name": "transactions", "description": "Money that moves on your accounts."},
        {"name": "market", "description": "Instruments and their newest quotes."},
        {"name": "broadcast", "description": "Push to the sockets; staff with the right to."},
    ],
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "hoardrun.api.schema.add_what_all_share",
    ],
    "ENFORCE_NON_BLANK_FIELDS": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Fields called `type` and `status` mean another thing in each app.
    "ENUM_NAME_OVERRIDES": {
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
    },
}
# What pages of other origins may send and read beside the ordinary.
CORS_URLS_REGEX = rf"^/(?!{STATIC_URL})"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-none-match"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
    "X-Total-Count",
]
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
# Who develops serves pages from any port of this machine.
CORS_ALLOWED_ORIGIN_REGEXES = [LOOPBACK] if DEBUG else []

# -- the engine
REALTIME: dict[str, Any] = {
    "MAX_CONNECTIONS_PER_USER": env.whole(
        "WS_MAX_CONNECTIONS_PER_USER", 10, minimum=1, maximum=10_000
    ),
    "MAX_ROOMS_PER_CONNECTION": env.whole(
        "WS_MAX_ROOMS_PER_CONNECTION", 50, minimum=1, maximum=10_000
    ),
    "MAX_MESSAGES_PER_SECOND": env.whole(
        "WS_MAX_MESSAGES_PER_SECOND", 20, minimum=1, maximum=100_000
    ),
    "MAX_MESSAGE_BURST": env.whole("WS_MAX_MESSAGE_BURST", 40, minimum=1, maximum=100_000),
    "MAX_MESSAGES_PER_SECOND_PER_USER": env.whole(
        "WS_MAX_MESSAGES_PER_SECOND_PER_USER", 100, minimum=1, maximum=100_000
    ),
    "MAX_LOGINS_PER_SECOND_PER_USER": env.number(
        "WS_MAX_LOGINS_PER_SECOND_PER_USER", 5, minimum=0.01, maximum=100_000
    ),
    "MAX_REPLAYED_PER_SECOND_PER_USER": env.whole(
        "WS_MAX_REPLAYED_PER_SECOND_PER_USER", 2000, minimum=1, maximum=1_000_000
    ),
    "MAX_REPLAYED_PER_SECOND_PER_ADDRESS": env.whole(
        "WS_MAX_REPLAYED_PER_SECOND_PER_ADDRESS", 20_000, minimum=1, maximum=1_000_000
    ),
    "MAX_CONNECTIONS_PER_NODE": env.whole(
        "WS_MAX_CONNECTIONS_PER_NODE", 20_000, minimum=1, maximum=1_000_000
    ),
    "MAX_ANONYMOUS_PER_ADDRESS": env.whole(
        "WS_MAX_ANONYMOUS_PER_ADDRESS", 200, minimum=1, maximum=1_000_000
    ),
    "MAX_REFUSED_PER_SECOND_PER_ADDRESS": env.number(
        "WS_MAX_REFUSED_PER_SECOND_PER_ADDRESS", 20, minimum=0.01, maximum=100_000
    ),
    "ALLOWED_ORIGINS": env.words("WS_ALLOWED_ORIGINS", ",".join(CORS_ALLOWED_ORIGINS)),
    "ALLOW_LOOPBACK_ORIGINS": DEBUG,
    "ALLOW_QUERY_TOKEN": env.flag("WS_ALLOW_QUERY_TOKEN", True),
    "TICKET_SECONDS": env.number("WS_TICKET_SECONDS", 30, minimum=0.1, maximum=3600),
    "RECHECK_SECONDS": env.number("WS_RECHECK_SECONDS", 15, minimum=0.1, maximum=3600),
    "DRAIN_DELAY_SECONDS": env.number("WS_DRAIN_DELAY_SECONDS", 0, maximum=3600),
    "DRAIN_SECONDS": env.number("WS_DRAIN_SECONDS", 5, maximum=3600),
    "MAX_LIFETIME_SECONDS": env.number("WS_MAX_LIFETIME_SECONDS", 0, maximum=31_536_000),
    "MAX_MESSAGE_BYTES": env.whole(
        "WS_MAX_MESSAGE_BYTES", 64 * 1024, minimum=1024, maximum=16 * 1024 * 1024
    ),
    "MAX_BUFFER_BYTES": env.whole(
        "WS_MAX_BUFFER_BYTES", 128 * 1024, minimum=4096, maximum=64 * 1024 * 1024
    ),
    "AUTHENTICATE_WITHIN_SECONDS": env.number(
        "WS_AUTHENTICATE_WITHIN_SECONDS", 5, minimum=0.1, maximum=3600
    ),
    "LOGIN_PATIENCE_SECONDS": env.number("WS_LOGIN_PATIENCE_SECONDS", 30, maximum=3600),
    "STUCK_AFTER_SECONDS": env.number("WS_STUCK_AFTER_SECONDS", 20, minimum=0.1, maximum=3600),
    "COMPRESSION": env.flag("WS_COMPRESSION", True),
    "HEARTBEAT_SECONDS": env.number("WS_HEARTBEAT_SECONDS", 20, minimum=1, maximum=3600),
    "RECONCILE_SECONDS": env.number(
        "WS_RECONCILE_SECONDS", 5 if REDIS_URL else 1, minimum=0.05, maximum=3600
    ),
    "RECONNECT_AFTER_MS": env.whole("WS_RECONNECT_AFTER_MS", 5000, maximum=3_600_000),
    "RETENTION_DAYS": env.number("EVENT_RETENTION_DAYS", 30, minimum=0.01, maximum=36_500),
    "RETENTION_EVENTS": env.whole(
        "EVENT_RETENTION_COUNT", 10_000, minimum=100, maximum=1_000_000_000
    ),
    "DEVICE_DAYS": env.number("DEVICE_RETENTION_DAYS", 90, minimum=1, maximum=36_500),
}
# How long a client may take to send the headers of a request.
HTTP_HEADER_SECONDS = env.number("HTTP_HEADER_SECONDS", 10, minimum=0.1, maximum=3600)
# How long its body may take. How large it may be, `realtime.servers.bodies` knows by the path.
HTTP_BODY_SECONDS = env.number("HTTP_BODY_SECONDS", 30, minimum=0.1, maximum=3600)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # of a form of the admin
# Proxies, as addresses or networks, whose X-Forwarded-For and X-Forwarded-Proto are believed.
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
# A broadcast for more users than that waits for a second person; 0: each one does.
BROADCAST_APPROVAL_AUDIENCE = env.whole("BROADCAST_APPROVAL_AUDIENCE", 1000, maximum=2_000_000_000)
# Serve even if the database may lose what it has committed; for tests and throwaway data.
ALLOW_LOSING_COMMITTED_EVENTS = env.flag("ALLOW_LOSING_COMMITTED_EVENTS")
# The simulated market runs inside the server process (`serve --simulate-market`).
SIMULATE_MARKET = env.flag("SIMULATE_MARKET")
# A customer of the demo pays every ten seconds; there is no such customer outside DEBUG.
SIMULATE_PAYMENTS = DEBUG and env.flag("SIMULATE_PAYMENTS")
# The console page at /ws/test; outside DEBUG for staff that is logged in to the admin.
CONSOLE_ENABLED = env.flag("CONSOLE_ENABLED", True)
# The route /ws/echo, which answers anybody: for conformance runs, never for the public.
REALTIME_ECHO = env.flag("WS_ECHO")
# Who `seed_demo` creates and the console offers to log in as; outside DEBUG, nobody.
DEMO_LOGINS: list[dict[str, str]] = (
    [
        {"username": "amina", "name": "Amina Nakato", "password": "amina-demo-pass"},
        {"username": "brian", "name": "Brian Otieno", "password": "brian-demo-pass"},
        {
            "username": "staff",
            "name": "Support Staff",
            "password": "staff-demo-pass",
            "role": "superuser",
        },
        {  # to approve what the first one broadcasts
            "username": "second",
            "name": "Second Approver",
            "password": "second-demo-pass",
            "role": "staff",
        },
    ]
    if DEBUG
    else []
)

# -- transport security: whoever turns DEBUG on is on a loopback address
if not DEBUG:
    SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = env.whole("SECURE_HSTS_SECONDS", 31_536_000, maximum=315_360_000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if env.flag("BEHIND_TLS_PROXY"):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    if SECRET_KEY.startswith("insecure-"):
        raise ImproperlyConfigured("SECRET_KEY is the one of DEBUG; set one of your own.")

# -- logs: one line an event on stderr, credentials taken out
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "once": {"()": "hoardrun.logs.SaidOnce"},
        "brief": {"()": "hoardrun.logs.OneLineOutages"},
        "redact": {"()": "hoardrun.logs.RedactCredentials"},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "stream": sys.stderr,
            "formatter": "line",
            "filters": ["once", "brief", "redact"],
        }
    },
    # Handlers of their own would print tokens, and all twice; everything goes through the above.
    "loggers": {
        name: {"handlers": [], "propagate": True}
        for name in (
            "django",
            "uvicorn",
            "uvicorn.error",
            "uvicorn.access",
            "daphne",
            "django.server",
        )
    },
    "root": {"handlers": ["stderr"], "level": env.log_level()},
}
