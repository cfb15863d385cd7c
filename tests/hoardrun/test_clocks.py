"""The product goes by the database's time: few places may read the clock of their node."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

READS_A_CLOCK = re.compile(
    r"\b(timezone\.now|time\.time|datetime\.now|datetime\.utcnow)\(|=time\.time\b"
)
# Stands in for providers, whose clocks are their own; nothing of it runs in a deployment.
DEMO = "hoardrun/demo/"
# Its uses. None of them compares it with a time that another node has stored.
MAY = {
    "hoardrun/api/auth.py": "signs tokens, whose times each node checks by its own clock",
    "hoardrun/api/snapshot.py": "says when it answered",
    "hoardrun/api/throttles.py": "counts requests in windows",
    "hoardrun/broadcasts/publish.py": "says when a price was made, which nobody stores",
    "hoardrun/ledger/demo.py": "pays in the demo",
    "hoardrun/management/commands/check_delivery.py": "says when it has looked from outside",
    "hoardrun/market/calendars.py": "looks at the hours of venues",
    "hoardrun/market/candles/pages.py": "says which candles are the newest in an answer",
    "hoardrun/market/candles/selectors.py": "says which candle runs in an answer",
    "hoardrun/market/engine/term.py": "looks at the hours of venues",
    "hoardrun/market/feeds/backoff.py": "reads Retry-After",
    "hoardrun/market/feeds/daily/importing.py": "refuses the rates of a day to come",
    "hoardrun/market/feeds/simulator.py": "invents prices",
    "hoardrun/market/management/commands/record_market.py": "says when a recording began",
    "hoardrun/market/rooms.py": "invents prices",
    "hoardrun/market/selectors.py": "invents prices",
    "notifications/channels/push/apns.py": "signs tokens, whose times Apple checks",
    "notifications/channels/push/fcm.py": "says for how long a message lives",
    "notifications/channels/push/google.py": "signs tokens, whose times Google checks",
    "notifications/channels/push/vapid.py": "signs tokens, whose times push services check",
    "notifications/channels/push/web.py": "says for how long a message lives",
    "notifications/channels/sms/africastalking.py": "reads when a limit ends",
    "notifications/channels/sms/twilio.py": "says for how long a message lives",
    "notifications/models/notification.py": "says in an answer whether it has expired by now",
    "realtime/access/keys.py": "checks the times of tokens, by its own clock",
    "realtime/client/policy.py": "is the client, which reads Retry-After",
    "realtime/consumer/expiry.py": "ends a socket with its token",
    "realtime/hub/followed.py": "measures, for a meter, how late an event is",
    "realtime/hub/rooms.py": "measures, for a meter, how late a message is",
    "realtime/layer/send.py": "says, for a meter, when a message was sent",
    "realtime/outgoing/http.py": "reads Retry-After",
    "realtime/protocol/codec.py": "says when a message was sent that nobody stores",
}


def test_nothing_else_reads_the_clock_of_its_node() -> None:
    root = Path(settings.BASE_DIR)
    read = {
        str(path.relative_to(root))
        for package in ("hoardrun", "notifications", "realtime")
        for path in (root / package).rglob("*.py")
        if path.parent.name != "migrations" and READS_A_CLOCK.search(path.read_text())
    }
    found = {path for path in read if not path.startswith(DEMO)}
    assert found <= MAY.keys(), "take realtime.clock.now(), which all nodes share"
