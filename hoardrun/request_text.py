"""Middleware: a request whose path, query, cookies or form hold no text is answered with 400.

So is one with a value that fits no column, such as an id of 40 digits in a path of the admin.

Everything behind this may store and compare what it reads: PostgreSQL refuses a NUL wherever it
comes from, a session key as well as a filter of the admin. JSON bodies are checked where they
are read, by `hoardrun.api.parsers`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.deprecation import MiddlewareMixin

from hoardrun.api import handlers
from realtime.core.text import NOT_TEXT, is_text

logger = logging.getLogger(__name__)

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
UTF_8 = "utf-8"
ENCODINGS = (UTF_8, "utf8", "us-ascii", "ascii")  # as they are usually written
# A parameter such as `filename*=latin-1''a`, which Django decodes with any codec of Python.
_ENCODED = re.compile(rb"\*\s*=")


class RequestText(MiddlewareMixin):
    """Check a request, then hand it on."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        reason = _flaw(request) or (_flaw_of_form(request) if _has_form(request) else "")
        return handlers.bad_request(request, reason) if reason else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        """Answer a value that no column holds; views of the API have done so by themselves."""
        fits_not = isinstance(error, DataError | OverflowError)
        # Errors that the admin raises for an invalid id in a query or a form.
        is_no_id = isinstance(error, ValueError) and "expected a number but got" in str(error)
        if not (fits_not or is_no_id):
            return None
        logger.warning("refused by a column: %s", str(error).partition("\n")[0])
        return handlers.bad_request(request, "A value does not fit its column.")


def _flaw(request: HttpRequest) -> str:
    """Say what is wrong with the line and the headers of a request; empty if nothing is."""
    if not is_text(request.path):
        return f"Path: {NOT_TEXT}"
    # Bytes that are not UTF-8 become U+FFFD when they are read, so only a NUL is left to look for.
    query = request.META.get("QUERY_STRING", "")
    if "%00" in query or not is_text(query):
        return f"Query: {NOT_TEXT}"
    if not _all_text(request.COOKIES.items()):
        return f"Cookie: {NOT_TEXT}"
    charset = (request.content_params or {}).get("charset", UTF_8).lower()
    if charset not in ENCODINGS:
        return "Content-Type: Send text in UTF-8."
    if charset != UTF_8:
        request.encoding = UTF_8  # Django reads a form under no other name of it
    return ""


def _has_form(request: HttpRequest) -> bool:
    """Say whether Django reads the body as a form; our API never does."""
    return (
        request.method == "POST"
        and request.content_type in FORMS
        and not handlers.is_program(request)
    )


def _flaw_of_form(request: HttpRequest) -> str:
    try:
        if request.content_type == "multipart/form-data" and _has_encoded(request.body):
            return "Form: Send the names of files and fields in UTF-8, without `*=`."
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
    except (
        BadRequest,
        MultiPartParserError,
        SuspiciousOperation,
        TypeError,  # of Python's parser of headers, for a part with `x*=a; x*0=b`
        UnreadablePostError,
    ):
        return "The form cannot be read."
    return "" if _all_text(fields) else f"Form: {NOT_TEXT}"


def _all_text(pairs: Iterable[tuple[str, Any]]) -> bool:
    return all(is_text(name) and is_text(str(value)) for name, value in pairs)


def _has_encoded(body: bytes) -> bool:
    """Say whether a part of a form may have a parameter that names its charset."""
    return any(line.count(b"'") > 1 and _ENCODED.search(line) for line in body.split(b"\r\n"))
