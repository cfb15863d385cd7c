"""Django settings: safe by default, three variables away from production.

`hoardrun.options` and `realtime.options` declare every variable, `hoardrun.env` reads them.
Nothing set gives the embedded default: SQLite, an in-memory layer, DEBUG off.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from corsheaders.defaults import default_headers
from django.conf.locale import LANG_INFO

from hoardrun import __version__, env, logs, places, signing, stores, telemetry
from hoardrun.api import openapi
from hoardrun.market import options as market
from hoardrun.options import TABLES, Deployment
from hoardrun.payments import options as payments
from hoardrun.telemetry.options import TelemetryOptions
from notifications import languages
from notifications.brand import Brand
from notifications.channels.options import ChannelOptions
from realtime.core.origin import LOOPBACK
from realtime.options import Options

BASE_DIR: Path = env.BASE_DIR

VERSION = __version__

given = env.read(Deployment)
_channels = env.read(ChannelOptions)

# -- what kind of run this is
DEBUG = given.debug
SECRET_KEY = signing.secret_key(given)
SECRET_KEY_FALLBACKS = given.secret_key_fallbacks  # of before: they only verify
ALLOWED_HOSTS = given.allowed_hosts
CSRF_TRUSTED_ORIGINS = given.csrf_trusted_origins
REDIS_URL = given.redis_url

CSRF_FAILURE_VIEW = "hoardrun.api.handlers.csrf_failure"
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
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "realtime",
    "notifications",
    "hoardrun",
    "hoardrun.ledger",
    "hoardrun.payments",
    "hoardrun.market",
    "hoardrun.broadcasts",
    *(["anymail"] if _channels.email_backend.startswith("anymail.") else []),
]

MIDDLEWARE = [
    "hoardrun.request_id.add_request_id",
    "hoardrun.policies.add_policies",
    "django.middleware.security.SecurityMiddleware",
    "hoardrun.cors.CorsMiddleware",  # outside of all that refuses, so that pages read why
    "hoardrun.request_text.RequestText",
    "hoardrun.static_files.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "hoardrun.health.HostsButForProbes",
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
DATABASES = {"default": stores.database(given)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {"default": stores.channel_layer(given)}
CACHES = {"default": stores.cache(given)}

# -- language, time, static files
LANGUAGE_CODE = "en"
LANGUAGES = languages.LANGUAGES
LANG_INFO.update(languages.LANG_INFO)
BRAND = env.read(Brand)  # what texts say of the deployment
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = places.static_root(given)
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
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=given.access_token_minutes),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=given.refresh_token_days),
    "CHECK_REVOKE_TOKEN": True,  # a changed password ends every token
    "AUDIENCE": "hoardrun",
    "ISSUER": "hoardrun",
    "LEEWAY": 5,
    **signing.jwt_keys(given, SECRET_KEY),
}
JWT_FALLBACK_KEYS = signing.jwt_fallbacks(given)  # of before: they only verify
REFRESH_GRACE_SECONDS = given.refresh_grace_seconds

# -- HTTP API
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "realtime.rest.authentication.LoginAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hoardrun.api.parsers.StrictJSONParser"],
    "URL_FORMAT_OVERRIDE": None,  # `format` is a parameter of the schema alone
    "DEFAULT_SCHEMA_CLASS": "realtime.rest.parameters.ViewSchema",
    "EXCEPTION_HANDLER": "hoardrun.api.handlers.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["hoardrun.api.throttles.EveryRequest"],
    "DEFAULT_THROTTLE_RATES": {
        name.removesuffix("_rate"): value
        for name, value in vars(given).items()
        if name.endswith("_rate")
    },
}
SPECTACULAR_SETTINGS = openapi.settings(VERSION, debug=DEBUG)
# Headers beyond the usual ones that pages of other origins may send and read.
CORS_URLS_REGEX = rf"^/(?!{STATIC_URL})"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-match", "if-none-match"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
    "X-Total-Count",
]
CORS_ALLOWED_ORIGINS = given.cors_allowed_origins
# In development, pages may come from any port of this machine.
CORS_ALLOWED_ORIGIN_REGEXES = [LOOPBACK] if DEBUG else []

# -- the engine
# The differences from the defaults of `realtime.options`.
REALTIME: dict[str, Any] = {
    "ALLOWED_ORIGINS": CORS_ALLOWED_ORIGINS,
    "ALLOW_LOOPBACK_ORIGINS": DEBUG,
    "RECONCILE_SECONDS": 5 if REDIS_URL else 1,
    "RECONCILE_CALM_SECONDS": 60 if REDIS_URL else 1,
    **{name.upper(): value for name, value in env.given(Options).items()},
}
# -- the channels that leave the system
CHANNELS: dict[str, Any] = {
    name.upper(): value for name, value in env.given(ChannelOptions).items()
}
ANYMAIL: dict[str, Any] = json.loads(_channels.anymail_settings or "{}")
# -- the providers of payments
PAYMENTS: dict[str, Any] = env.by_variable(*payments.TABLES)
# -- where prices come from
MARKET: dict[str, Any] = env.by_variable(*market.TABLES)

# -- HTTP requests, databases, demo
HTTP_HEADER_SECONDS = given.http_header_seconds
# `realtime.core.bodies` limits the size of a body by the path.
HTTP_BODY_SECONDS = given.http_body_seconds
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # the most of them: batches of events of e-mails
TRUSTED_PROXIES = given.trusted_proxies
BROADCAST_APPROVAL_AUDIENCE = given.broadcast_approval_audience
DATABASE_DURABILITY = given.database_durability
ALLOW_LOSING_COMMITTED_EVENTS = given.allow_losing_committed_events
ESCALATION_TIME_SCALE = given.escalation_time_scale
PROVIDER_STUB_TIME_SCALE = given.provider_stub_time_scale
SIMULATE_MARKET = given.simulate_market
SIMULATE_PAYMENTS = DEBUG and given.simulate_payments
CONSOLE_ENABLED = given.console_enabled
# The users that `seed_demo` creates and the console offers for login; none outside DEBUG.
DEMO_LOGINS: list[dict[str, str]] = [
    {"username": username, "name": name, "password": f"{username}-demo-pass", "role": role}
    for username, name, role in (
        ("amina", "Amina Nakato", "customer"),
        ("brian", "Brian Otieno", "customer"),
        ("staff", "Support Staff", "superuser"),
        ("second", "Second Approver", "staff"),  # to approve what the first one broadcasts
    )
    if DEBUG
]

# -- transport security: with DEBUG on, the server is on a loopback address
if not DEBUG:
    SECURE_SSL_REDIRECT = given.secure_ssl_redirect
    SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = given.secure_hsts_seconds
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if given.behind_tls_proxy:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- what leaves for a tracing system and an error tracker
TELEMETRY = env.read(TelemetryOptions)
telemetry.check(TELEMETRY)

# -- logs: one line an event on stderr, what is secret taken out
logs.hide(env.secrets(*TABLES, *payments.TABLES, *market.TABLES))
LOGGING = logs.config(given.log_level, given.log_format, telemetry.handlers(TELEMETRY))
