"""The providers around the demo, on loopback, and how this deployment is set up to use them.

They run in the process of `manage.py demo`, under DEBUG only, and are gone with it.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from hoardrun import env
from hoardrun.demo import current, tour
from hoardrun.demo.providers.mail import MailServer
from hoardrun.demo.providers.money.server import Money
from hoardrun.demo.providers.push import PushService
from hoardrun.demo.providers.reports import Reporter
from hoardrun.demo.providers.sms import AfricasTalking, Twilio
from hoardrun.payments import callback_urls, options
from hoardrun.payments.providers.settings import base_url, configured
from notifications.channels.options import ChannelOptions
from notifications.channels.push import vapid
from notifications.hooks import tokens

ACCOUNT, KEY_FILE = "AC" + "0" * 32, "demo_vapid_key"
A_DAY = "10000"  # SMS: the customer of the demo pays every ten seconds


class Outside:
    """A push service, a mail server, two providers of SMS, and all providers of payments.

    `texts` are the phones' own SMS.
    """

    def __init__(self) -> None:
        self.name = secrets.token_hex(4)
        self.reporter = Reporter(after=1)
        self.push = PushService()
        self.mail = MailServer()
        self.africastalking = AfricasTalking(
            "sandbox", secrets.token_urlsafe(24), reporter=self.reporter
        )
        self.twilio = Twilio(ACCOUNT, secrets.token_urlsafe(24), reporter=self.reporter)
        self.money = Money(pace=1 / settings.PROVIDER_STUB_TIME_SCALE)
        self.callback_token = secrets.token_urlsafe(32)
        self.texts: list[dict[str, str | float]] = []

    def variables(self, site: str, folder: Path) -> dict[str, str]:
        """Return what the environment must say of each channel that it does not set up itself."""
        push = {
            "VAPID_PRIVATE_KEY": _vapid_key(folder / KEY_FILE),
            "VAPID_SUBJECT": "mailto:demo@hoardrun.example",
        }
        mail = {
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.mail.port),
            "EMAIL_SECURITY": "none",
            "EMAIL_FROM": "hoardrun <alerts@hoardrun.example>",
        }
        sms = {
            "SMS_PROVIDERS": "africastalking,twilio",
            "SMS_COUNTRIES": "UG,KE",
            "SMS_PER_NUMBER_PER_DAY": A_DAY,
            "SMS_PER_USER_PER_DAY": A_DAY,
            "AFRICASTALKING_USERNAME": self.africastalking.username,
            "AFRICASTALKING_API_KEY": self.africastalking.key,
            "AFRICASTALKING_URL": self.africastalking.url,
            "TWILIO_ACCOUNT_SID": self.twilio.account,
            "TWILIO_AUTH_TOKEN": self.twilio.token,
            "TWILIO_FROM": "+15005550006",
            "TWILIO_URL": self.twilio.url,
        }
        payments = self.money.variables() | {
            # MTN refuses addresses without a name.
            "PAYMENTS_CALLBACK_URL": site.replace("127.0.0.1", "localhost"),
            "AIRTEL_CALLBACK_TOKENS": self.callback_token,
            "DARAJA_CALLBACK_TOKENS": self.callback_token,
            "PAWAPAY_CALLBACK_TOKENS": self.callback_token,
            "PAYMENTS_PAYOUTS_TO": os.environ.get("PAYMENTS_PAYOUTS_TO", "anybody"),
        }
        found = {} if "PUBLIC_BASE_URL" in os.environ else {"PUBLIC_BASE_URL": site}
        for group in (push, mail, sms, payments):
            if next(iter(group)) not in os.environ:
                found |= group
        return found


@contextmanager
def running(site: str, folder: Path) -> Iterator[Outside]:
    """Start the providers, and set up this process and those that it starts to use them.

    Raises RuntimeError outside DEBUG: messages would go to nobody.
    """
    if not settings.DEBUG:
        raise RuntimeError("Stand-ins for providers are for DEBUG.")
    before, channels, payments = dict(os.environ), settings.CHANNELS, settings.PAYMENTS
    logins = settings.DEMO_LOGINS
    found = Outside()
    providers = (found.push, found.mail, found.africastalking, found.twilio, found.money)
    with ExitStack() as stack:
        for each in (found.reporter, *providers):
            stack.enter_context(each)
        try:
            os.environ.update(found.variables(site, folder))
            settings.CHANNELS = {
                name.upper(): value for name, value in env.given(ChannelOptions).items()
            }
            settings.PAYMENTS = env.by_variable(*options.TABLES)
            found.money.airtel.account.callback_url = _callback_url("airtel", found)
            found.money.pawapay.account.call_at(_callback_url("pawapay", found))
            if _is_merchant_of(found.money):
                call_command("payments_register", "daraja", stdout=io.StringIO())
            secret = tokens.hook_token("africastalking")
            found.africastalking.reports_url = tokens.hook_url("africastalking", secret, "reports")
            found.africastalking.inbound_url = tokens.hook_url("africastalking", secret, "inbound")
            settings.DEMO_LOGINS = [*logins, tour.LOGIN]
            current.put(found)
            yield found
        finally:
            current.put(None)
            settings.CHANNELS, settings.PAYMENTS = channels, payments
            settings.DEMO_LOGINS = logins
            for name in os.environ.keys() - before.keys():
                del os.environ[name]


def _callback_url(name: str, found: Outside) -> str:
    """Return the one URL that a provider calls for all payments, as its portal is told."""
    return callback_urls.url(name, "payment", found.callback_token)


def _is_merchant_of(money: Money) -> bool:
    """Say whether M-Pesa is called here: a deployment may name another one by its environment."""
    return "daraja" in configured() and base_url("daraja") == money.url


def _vapid_key(file: Path) -> str:
    """Return the demo's key of web push, made once: a browser's subscription belongs to it."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as kept:
            kept.write(vapid.new_private_key())
    return file.read_text().strip()
