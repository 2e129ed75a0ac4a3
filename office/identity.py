"""Identity numbers: sealed for storage, masked for the screen, opened only with a reason that is logged first.

A sealed value is `key-id:base64(nonce + AES-256-GCM ciphertext)` with the row ("person:17") as associated data,
so that a value copied to another row does not open. The look-up index is an HMAC under a key derived from the
same file. Keys are lines `key-id:base64 of 32 bytes` in IDENTITY_KEYS_FILE, the newest last (docs/operations.md);
the embedded modes make the file themselves, production never does.
"""

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
import unicodedata
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils.translation import gettext as _
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from office import accesslog
from office.refusals import Refused

PERMISSION = "register.reveal"
CN, HK, MACAU, TAIWAN, COMPANY = "cn_id", "hk_id", "mo_id", "tw_id", "company"
MASK = "•"


class Key(NamedTuple):
    """One key of the file; sealing and index keys are derived from it, never used alike."""

    name: str
    seal: bytes
    blind: bytes


class Broken(Exception):
    """A sealed value that no key opens: damaged, moved to another row, or its key is gone."""


# --- keys --------------------------------------------------------------------------------------------------


def keys():
    """Every key, the newest last. Read again as soon as the file changes."""
    path = settings.IDENTITY_KEYS_FILE
    if not path.exists():
        if not settings.EMBEDDED:
            raise ImproperlyConfigured(f"IDENTITY_KEYS_FILE {path} is missing.")
        _make_file(path)
    facts = path.stat()
    return _read(path, facts.st_mtime_ns, facts.st_size)


def line_of_new_key():
    """A line for the file: date, four random letters, 32 random bytes."""
    name = f"{date.today():%Y%m%d}{secrets.token_hex(2)}"  # noqa: DTZ011 a name, not a fact
    return f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"


def _make_file(path):
    """Mode 0600, and linked into place whole: of two processes that start together one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
        handle.write(line_of_new_key())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    draft.unlink()


@lru_cache(maxsize=4)
def _read(path, _changed, _size):
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) and settings.EMBEDDED:
        path.chmod(0o600)
    found = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _colon, text = line.strip().partition(":")
        try:
            secret = base64.b64decode(text, validate=True)
        except ValueError:
            secret = b""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,20}", name) or len(secret) != 32:
            raise ImproperlyConfigured(f"{path}, line {number}: expected key-id:base64 of 32 bytes.")
        found.append(Key(name, _derive(secret, b"seal"), _derive(secret, b"index")))
    if not found:
        raise ImproperlyConfigured(f"{path} holds no key.")
    return tuple(found)


def _derive(secret, purpose):
    return hmac.new(secret, b"guanjia identity " + purpose, hashlib.sha256).digest()


# --- sealing -----------------------------------------------------------------------------------------------


def normal(number):
    """Upper case, half-width, without blanks, hyphens and brackets: a123456(3) → A1234563."""
    text = unicodedata.normalize("NFKC", str(number or "")).upper()
    return re.sub(r"[\s()\-–.·]", "", text)


def seal(number, *, pk, subject="person"):
    """The number sealed for the row `subject:pk` under the newest key; empty stays empty."""
    text = normal(number)
    if not text:
        return ""
    key = keys()[-1]
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(key.seal).encrypt(nonce, text.encode(), f"{subject}:{pk}".encode())
    return f"{key.name}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(value, *, pk, subject="person"):
    """The number again. For `reveal`, rotation and tests only: nothing else may open one."""
    if not value:
        return ""
    name, _colon, text = value.partition(":")
    key = next((key for key in keys() if key.name == name), None)
    if key is None:
        raise Broken(f"no key {name}")
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(key.seal).decrypt(raw[:12], raw[12:], f"{subject}:{pk}".encode()).decode()
    except (ValueError, InvalidTag) as problem:
        raise Broken(f"{subject}:{pk} does not open") from problem


def blind(number, key=None):
    """The look-up index of a number under `key` (the newest): equal numbers, equal index; nothing comes back."""
    text = normal(number)
    return hmac.new((key or keys()[-1]).blind, text.encode(), hashlib.sha256).hexdigest() if text else ""


def blinds(number):
    """The index under every key, for looking up while a rotation is under way."""
    return [blind(number, key) for key in keys()] if normal(number) else []


_SHOWN = {CN: 4, HK: 3, MACAU: 3, TAIWAN: 3}  # last characters that stay readable


def tail(kind, number):
    """What the mask shows of the number: few characters, and of a short one fewer."""
    text = normal(number)
    shown = _SHOWN[kind] if kind in _SHOWN and len(text) >= 8 else min(4, len(text) // 3)
    return text[-shown:] if shown else ""


def mask(kind, shown):
    """`••••••••••••••1234`; Hong Kong's check digit in its brackets. Never says how long other numbers are."""
    if kind == CN:
        return MASK * 14 + shown
    if kind == HK and len(shown) == 3:
        return f"{MASK * 5}{shown[:2]}({shown[2]})"
    return MASK * 5 + shown


def columns(*, kind, number, pk, subject="person"):
    """The four columns of a row that has an identity number; all empty without one."""
    text = normal(number)
    if not text:
        return {"identity_type": kind or "", "identity_sealed": "", "identity_tail": "", "identity_index": ""}
    return {
        "identity_type": kind,
        "identity_sealed": seal(text, pk=pk, subject=subject),
        "identity_tail": tail(kind, text),
        "identity_index": blind(text),
    }


def reveal(*, row, reason, by, now):
    """The number of `row`, to somebody who may see it and says why. The log line is committed before it returns."""
    if not by.may(PERMISSION, row.estate_id):
        raise Refused(_("Your role does not open identity numbers."))
    reason = " ".join((reason or "").split())
    if len(reason) < 2:
        raise Refused(_("Say why the identity number is needed."))
    if not row.identity_sealed:
        raise Refused(_("No identity number is recorded."))
    with transaction.atomic():
        accesslog.log(
            by=by, what=accesslog.REVEAL, subject_kind=row.SUBJECT, subject_id=row.pk, estate_id=row.estate_id,
            reason=reason, detail={"identity_type": row.identity_type}, now=now,
        )  # fmt: skip
    return unseal(row.identity_sealed, pk=row.pk, subject=row.SUBJECT)


# --- can it be real? ---------------------------------------------------------------------------------------


def guess(number):
    """What kind of document a bare number of a roster is."""
    text = normal(number)
    for kind, pattern in (
        (CN, r"\d{17}[\dX]|\d{15}"),
        (HK, r"[A-Z]{1,2}\d{6}[\dA]"),
        (TAIWAN, r"[A-Z][1289]\d{8}"),
        (COMPANY, r"[0-9A-Z]{18}"),
    ):
        if re.fullmatch(pattern, text):
            return kind
    return "other"


def why_not_real(kind, number, today=None):
    """One sentence when no such number can exist, else None. An unknown kind is believed."""
    text = normal(number)
    if not text:
        return None
    check = _CHECKS.get(kind)
    if check is None:
        good = re.fullmatch(r"[A-Z0-9\u4e00-\u9fff]{4,30}", text)
        return None if good else _("A document number has 4 to 30 letters and digits.")
    return check(text, today)


# First two digits: provinces, municipalities, autonomous regions (GB/T 2260); 81–83 residence permits.
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)


def _resident_id(text, today):
    if not re.fullmatch(r"\d{17}[\dX]", text):
        return _(
            "A resident identity number has 17 digits and a digit or X; this one has %(n)s characters."
        ) % {"n": len(text)}
    # Which district codes existed in the year of birth is not asked: cards issued later carry the code of that
    # day, and real ones are older than their code. The province, the date and the check digit must be right.
    try:
        born = ric.get_birth_date(text)
    except ValidationError:
        born = None
    if born is None or text[:2] not in _PROVINCES or ric.calc_check_digit(text) != text[-1]:
        return _("No resident identity number is like this: date of birth or check digit is wrong.")
    if today and (born > today or today.year - born.year > 130):
        return _("The date of birth in this number (%(date)s) cannot be right.") % {"date": born.isoformat()}
    return None


def _hong_kong(text, today):
    match = re.fullmatch(r"([A-Z]{1,2})(\d{6})([\dA])", text)
    if not match:
        return _("A Hong Kong number is one or two letters, six digits and a check digit: A123456(3).")
    letters, digits, check = match.groups()
    weighed = [36 if len(letters) == 1 else ord(letters[0]) - 55, ord(letters[-1]) - 55, *map(int, digits)]
    total = sum(weight * value for weight, value in zip(range(9, 1, -1), weighed, strict=True))
    total += 10 if check == "A" else int(check)
    return None if total % 11 == 0 else _("The check digit in brackets does not fit this Hong Kong number.")


def _macau(text, today):
    return (
        None
        if re.fullmatch(r"[1578]\d{7}", text)
        else _("A Macau number has eight digits and starts with 1, 5, 7 or 8.")
    )


_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"  # A=10, B=11, …


def _taiwan(text, today):
    if not re.fullmatch(r"[A-Z][1289]\d{8}", text):
        return _("A Taiwan number is a letter and nine digits.")
    value = _TAIWAN_LETTERS.index(text[0]) + 10
    digits = [value // 10, value % 10, *map(int, text[1:])]
    total = sum(
        weight * digit for weight, digit in zip((1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), digits, strict=True)
    )
    return None if total % 10 == 0 else _("The check digit does not fit this Taiwan number.")


def _company(text, today):
    if len(text) == 18 and not uscc.is_valid(text):
        return _("The check digit does not fit this company registration number.")
    good = re.fullmatch(r"[A-Z0-9]{6,20}", text)
    return None if good else _("A company registration number has 6 to 20 letters and digits.")


_CHECKS = {CN: _resident_id, HK: _hong_kong, MACAU: _macau, TAIWAN: _taiwan, COMPANY: _company}
