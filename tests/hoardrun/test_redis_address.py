"""The forms of REDIS_URL; a wrong one stops the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from hoardrun import redis_address, stores
from tests.hoardrun.deployment import read

SENTINELS = "redis+sentinel://app:pass%40word@s1:26379,s2:26380,[::1]/main/2"


def test_several_are_divided_at_their_commas_and_no_other():
    url = f"redis://:a,b@one:6379/0,{SENTINELS},unix:///run/redis.sock"
    one, by_sentinels, by_socket = redis_address.parse(url)
    assert one.hosts == ("one",)
    assert by_sentinels.sentinels == (("s1", 26379), ("s2", 26380), ("::1", 26379))
    assert (by_sentinels.master, by_sentinels.options["db"]) == ("main", 2)
    assert by_sentinels.options["username"] == "app"
    assert by_sentinels.options["password"] == "pass@word"
    assert by_socket.url == "unix:///run/redis.sock"


def test_layer_and_cache_are_told_the_same(tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_text("")
    url = f"rediss+sentinel://s1/main?ssl_ca_certs={ca}&sentinel_password=secret"
    given = read(REDIS_URL=url)
    (host,) = stores.channel_layer(given)["CONFIG"]["hosts"]
    assert (host["master_name"], host["sentinels"]) == ("main", [("s1", 26379)])
    assert host["ssl"] is True
    assert host["ssl_ca_certs"] == str(ca)
    assert host["sentinel_kwargs"]["ssl_ca_certs"] == str(ca)
    assert host["sentinel_kwargs"]["password"] == "secret"
    assert "password" not in host
    assert stores.cache(given)["LOCATION"] == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "write redis://host:6379/0"),
        ("http://host", "write redis://host:6379/0"),
        ("redis://host:port/0", "write redis://host:6379/0"),
        ("redis://:secret@a:6379,b:6379/0", "separated by commas"),
        ("redis://:secret@host/0,memcached://host", "write redis://host:6379/0"),
        ("redis://:secret@host/0?nonsense=1", "nonsense"),
        ("rediss://:secret@host/0?ssl_ca_certs=/no/such.pem", "ssl_ca_certs"),
        ("redis+sentinel://:secret@s1,s2", "name of the master|name-of-the-master"),
        ("redis+sentinel://:secret@s1:port/main", "name-of-the-master"),
        ("redis+sentinel://:secret@s1/main/first", "name-of-the-master"),
        ("redis+sentinel://:secret@s1/main?master=other", "none of ssl_ca_certs"),
    ],
)
def test_a_wrong_one_says_what_to_write_and_no_password(url: str, says: str):
    with pytest.raises(ImproperlyConfigured, match=says) as caught:
        read(REDIS_URL=url)
    assert str(caught.value).startswith("REDIS_URL ")
    assert "secret" not in str(caught.value)
