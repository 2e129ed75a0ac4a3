"""How a message leaves the house. One class per way out, chosen by channel in settings.MESSAGE_GATEWAYS.

`send(message, text)` sends one message and answers with the other side's reference; it raises `GatewayError` when it
could not: what kind of trouble it was, whether it is for good, and how long the other side asked us to wait.
`text(message)` gives (subject, body) in the receiver's language. The message's `dedupe_key` goes along: after a
crash between sending and writing it down the same message comes a second time, under the same key.

Whatever the other side does, `send` is back within settings.MESSAGE_TIMEOUT, well inside the outbox's lease: an
answer that trickles in byte by byte is cut off as well.
"""

import http.client
import json
import logging
import smtplib
import socket
import threading
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone
from django.utils.module_loading import import_string

from office.models import Message

log = logging.getLogger(__name__)

Problem = Message.Problem
LONGEST_WAIT = 24 * 3600  # seconds; whoever asks for more is tried again after a day


class GatewayError(Exception):
    """The other side did not take the message; the text is kept with it.

    `final`: asking again would be refused again. `wait`: seconds the other side asked for.
    """

    def __init__(self, text, problem=Problem.OTHER, *, final=False, wait=None):
        super().__init__(text)
        self.problem, self.final, self.wait = problem, final, wait


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


class LetterGateway:
    """Letters lie in the tray of what is to be printed; a person prints them (office:message_print)."""

    def send(self, message, text):
        if not message.addressee:
            raise _no_address("nobody to write to")
        return "tray"


class SmtpGateway:
    """E-mail through Django's EMAIL_* settings. The Message-ID comes from the key, so that a repeat is the same letter."""

    def send(self, message, text):
        if not message.address:
            raise _no_address("no address")
        subject, body = text(message)
        identity = f"<{message.dedupe_key.replace(':', '.')}@{settings.EMAIL_MESSAGE_DOMAIN}>"
        headers = {"Message-ID": identity, "X-Dedupe-Key": message.dedupe_key}
        # A line break in a subject would begin a header of its own.
        letter = EmailMessage(" ".join(subject.split()), body, to=[message.address], headers=headers)
        watch = _Watch()
        try:
            way = get_connection(timeout=settings.MESSAGE_TIMEOUT)
            way.open()
            with watch:
                watch.over(getattr(getattr(way, "connection", None), "sock", None))
                try:
                    way.send_messages([letter])
                finally:
                    way.close()
        except smtplib.SMTPRecipientsRefused as refusal:
            raise _said(*next(iter(refusal.recipients.values()))) from refusal
        except smtplib.SMTPDataError as refusal:
            raise _said(refusal.smtp_code, refusal.smtp_error) from refusal
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused) as refusal:
            raise GatewayError(_words(refusal.smtp_code, refusal.smtp_error), Problem.ACCOUNT) from refusal
        except OSError as problem:  # smtplib's own errors are among them
            raise _broken(problem, watch) from problem
        return identity


class HttpSmsGateway:
    """SMS through a provider that takes JSON: POST {to, text, key} to SMS_URL, bearer SMS_TOKEN, answers {"id": …}."""

    def send(self, message, text):
        if not message.address:
            raise _no_address("no telephone number")
        if not settings.SMS_URL.startswith(("https://", "http://")):
            raise GatewayError("SMS_URL is not set", Problem.SETTING)
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
        watch = _Watch()
        try:
            with watch, _opener(watch).open(request, timeout=settings.MESSAGE_TIMEOUT) as answer:
                taken = _rest(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code == http.HTTPStatus.CONFLICT and (reference := _reference(_rest(refusal))):
                return reference  # it has this key already: taken before, the answer was lost
            raise _refused(refusal) from refusal
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise _broken(problem, watch) from problem
        # Taken all the same when it says no number: sending again could reach the resident twice.
        return _reference(taken)


# --- what the other side said ------------------------------------------------------------------------------

_ACCOUNT = {401, 402, 403, 407}  # our name, our credit: nothing is wrong with the message
_LATER = {408, 409, 425, 429}


def _no_address(words):
    return GatewayError(words, Problem.ADDRESS, final=True)


def _reference(answer):
    try:
        return str(json.loads(answer)["id"])[:120]
    except (ValueError, KeyError, TypeError):
        return ""


def _rest(answer):
    """What an answer says after its first line; a line that broke meanwhile says nothing more."""
    if not hasattr(answer, "said"):
        try:
            answer.said = answer.read(10_000)
        except (OSError, http.client.HTTPException, ValueError):
            answer.said = b""
    return answer.said


def _refused(refusal):
    """An answer other than 2xx. 4xx is for good, but for those that speak of our account or ask for patience."""
    code = refusal.code
    words = f"{code} {_rest(refusal)[:500].decode(errors='replace')}".strip()
    wait = _wait(refusal.headers.get("Retry-After", ""))
    if code in _ACCOUNT:
        return GatewayError(words, Problem.ACCOUNT, wait=wait)
    if code in _LATER or wait is not None:
        return GatewayError(words, Problem.BUSY, wait=wait)
    if code < 400:
        return GatewayError(words, Problem.SETTING)  # it is elsewhere: SMS_URL is to be put right
    if code < 500:
        return GatewayError(words, Problem.REFUSED, final=True)
    return GatewayError(words, Problem.TROUBLE)


def _wait(said):
    """Seconds of a Retry-After: a number, or a date; None when it says nothing one can use."""
    said = said.strip()
    if said.isdecimal() and len(said) < 10:
        return min(int(said), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return None
    if until.tzinfo is None:
        return None
    return min(max(0, (until - timezone.now()).total_seconds()), LONGEST_WAIT)


def _words(code, said):
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"


def _said(code, words):
    """A reply of an e-mail server: 5xx is for good, 4xx asks for patience (RFC 5321)."""
    if 500 <= code < 600:
        return GatewayError(_words(code, words), Problem.REFUSED, final=True)
    return GatewayError(_words(code, words), Problem.BUSY)


def _broken(problem, watch):
    """A line that could not be opened, was silent for too long, or broke."""
    reason = getattr(problem, "reason", problem)
    words = f"{type(reason).__name__}: {reason}"
    if watch.cut or isinstance(reason, TimeoutError):
        return GatewayError(words, Problem.SLOW)
    half = (http.client.HTTPException, smtplib.SMTPServerDisconnected, ConnectionResetError, BrokenPipeError)
    if isinstance(reason, half):
        return GatewayError(words, Problem.HALF)
    if isinstance(reason, OSError) and not isinstance(reason, smtplib.SMTPNotSupportedError):
        return GatewayError(words, Problem.AWAY)
    return GatewayError(words)


# --- nobody holds the line for longer than agreed -----------------------------------------------------------


class _Watch:
    """Hangs a line up at the deadline: a time-out per reading lets an answer that trickles in live for ever."""

    def __init__(self):
        self.cut, self.timers = False, []

    def __enter__(self):
        return self

    def __exit__(self, *trouble):
        for timer in self.timers:
            timer.cancel()

    def over(self, line):
        if line is not None:
            timer = threading.Timer(settings.MESSAGE_TIMEOUT, self._hang_up, (line,))
            timer.daemon = True
            timer.start()
            self.timers.append(timer)

    def _hang_up(self, line):
        self.cut = True
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has been hung up already


def _watched(kind, watch):
    """A kind of connection of http.client whose lines `watch` hangs up."""

    class Line(kind):  # type: ignore[misc,valid-type]  # which of the two is chosen by the caller
        def connect(self):
            super().connect()
            watch.over(self.sock)

    return Line


def _opener(watch):
    """urllib's opener (proxies of the environment are honoured) over watched lines; it follows nobody."""

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, request):
            return self.do_open(_watched(http.client.HTTPConnection, watch), request)

    class Safe(urllib.request.HTTPSHandler):
        def https_open(self, request):
            return self.do_open(_watched(http.client.HTTPSConnection, watch), request)

    class Straight(urllib.request.HTTPRedirectHandler):
        """A text with a telephone number is not carried to whatever address an answer names."""

        def redirect_request(self, *request):
            return None

    return urllib.request.build_opener(Plain, Safe, Straight)


def of(channel):
    """The gateway of a channel, made anew: it holds no state between runs."""
    return import_string(settings.MESSAGE_GATEWAYS[channel])()
