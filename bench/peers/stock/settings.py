"""PostgreSQL, and Channels on Redis with the layer that STOCK_LAYER names."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import environ

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "channels",
    "rest_framework_simplejwt",
    "bench.peers.stock.apps.StockConfig",
]
ASGI_APPLICATION = "bench.peers.stock.asgi.application"
DATABASES = {"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])}
USE_TZ = True
SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": timedelta(hours=10)}

# With redis-py's own time-out of a few seconds the layers lose sockets under load.
_HOSTS = [{"address": os.environ["REDIS_URL"], "socket_timeout": 120}]
_LAYERS: dict[str, dict[str, Any]] = {
    "core": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # More than is ever sent at once: at its default of 100 the layer drops what is over.
        "CONFIG": {"hosts": _HOSTS, "capacity": 100_000},
    },
    "pubsub": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": _HOSTS},
    },
}
CHANNEL_LAYERS = {"default": _LAYERS[os.environ["STOCK_LAYER"]]}
