"""How a message leaves the house. One class per way out, chosen by channel in settings.MESSAGE_GATEWAYS.

`send(message, text)` sends one message and answers with the other side's reference; it raises when it could not.
`text(message)` gives (subject, body) in the receiver's language. The message's `dedupe_key` goes along: after a
crash between sending and writing it down the same message comes a second time, under the same key.
"""

import json
import logging
import urllib.error
import urllib.request

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)

TIMEOUT = 20  # seconds; well inside the outbox's lease


class GatewayError(Exception):
    """The other side did not take the message; the text is kept with it."""


class DeskGateway:
    """To staff: the row itself is the message, the bell shows it."""

    def send(self, message, text):
        return "bell"


class DatabaseGateway:
    """The default: the row is kept and shown, a line on the console says so, nothing leaves the house."""

    def send(self, message, text):
        # Neither address nor text: they are personal, and the page of messages shows them to whom it may.
        log.info("%s kept: %s (%s)", message.channel, message.dedupe_key, message.template)
        return f"kept-{message.pk}"


class SmtpGateway:
    """E-mail through Django's EMAIL_* settings. The Message-ID comes from the key, so that a repeat is the same letter."""

    def send(self, message, text):
        if not message.address:
            raise GatewayError("no address")
        subject, body = text(message)
        identity = f"<{message.dedupe_key.replace(':', '.')}@{settings.EMAIL_MESSAGE_DOMAIN}>"
        headers = {"Message-ID": identity, "X-Dedupe-Key": message.dedupe_key}
        EmailMessage(subject, body, to=[message.address], headers=headers).send()
        return identity


class HttpSmsGateway:
    """SMS through a provider that takes JSON: POST {to, text, key} to SMS_URL, bearer SMS_TOKEN, answers {"id": …}."""

    def send(self, message, text):
        if not message.address:
            raise GatewayError("no telephone number")
        if not settings.SMS_URL.startswith(("https://", "http://")):
            raise GatewayError("SMS_URL is not set")
        _subject, body = text(message)
        request = urllib.request.Request(  # noqa: S310 scheme checked above
            settings.SMS_URL,
            data=json.dumps({"to": message.address, "text": body, "key": message.dedupe_key}).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {settings.SMS_TOKEN}",
                "Idempotency-Key": message.dedupe_key,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                taken = answer.read(10_000)
        except urllib.error.HTTPError as refusal:
            raise GatewayError(f"{refusal.code} {refusal.read(500).decode(errors='replace')}") from refusal
        except OSError as problem:
            raise GatewayError(str(problem)) from problem
        try:
            return str(json.loads(taken)["id"])[:120]
        except (ValueError, KeyError, TypeError):
            return ""  # taken all the same: sending again would reach the resident twice


def of(channel):
    """The gateway of a channel, made anew: it holds no state between runs."""
    return import_string(settings.MESSAGE_GATEWAYS[channel])()
