"""Messages that leave the house and their words: one line per URL (SPEC §10)."""

from office import texts
from office.models import Estate, Message, MessageText
from tests.architecture.lines import ADMIN, SETTINGS, Line

READS = "clerk cashier lead supervisor director finance auditor admin"
SENDS = "clerk cashier supervisor director"
MANAGES = "supervisor director admin"
NAME = "ticket.resident_taken"


def _pk(name):
    return lambda w: {"pk": getattr(w, name).pk}


def _row(w, name):
    return Message.objects.get(pk=getattr(w, name).pk)


def _name(w):
    return {"name": NAME}


def _words(w):
    return {
        "title": "報修 {number}",
        "body": "{estate} 已受理 {number}，{unit}。",
        "version": texts.current(w.estate.pk, NAME, "zh-hant")[2],
    }


def _hand(w):
    return {"channel": "paper", "title": "您好", "body": "請來電。"}


LINES = [
    Line("office:messages", READS, post=302, shows=lambda w: w.failed_message.addressee, stranger=(302,)),
    Line("office:message", READS, args=_pk("failed_message"), shows=lambda w: w.failed_message.addressee),
    Line(
        "office:message_retry",
        MANAGES,
        get=405,
        post=302,
        args=_pk("failed_message"),
        changes=lambda w: _row(w, "failed_message").state,
    ),
    Line(
        "office:message_cancel",
        f"{SENDS} admin",
        get=405,
        post=302,
        args=_pk("queued_message"),
        changes=lambda w: _row(w, "queued_message").state,
        # Who did not write it and does not manage messages is told so; the row stays.
        others=dict.fromkeys(("cashier",), (405, 302)),
    ),
    Line(
        "office:messages_retry",
        MANAGES,
        get=405,
        post=302,
        data=lambda w: {"pick": w.failed_message.pk},
        changes=lambda w: _row(w, "failed_message").state,
        stranger=(302,),
    ),
    Line(
        "office:message_print",
        SENDS,
        get=405,
        post=200,
        args=_pk("letter"),
        changes=lambda w: _row(w, "letter").printed_at,
    ),
    Line(
        "office:sms_length",
        f"{SENDS} admin",
        get=405,
        post=200,
        data=lambda w: {"body": "hello"},
        plain="counts the letters of what is being typed, about no row",
        stranger=(200,),
    ),
    Line("office:texts", SETTINGS, shows=lambda w: "settings/messages/"),
    Line(
        "office:text",
        SETTINGS,
        post=302,
        writes=ADMIN,
        args=_name,
        data=_words,
        shows=lambda w: "{number}",
        changes=lambda w: MessageText.objects.filter(estate=w.estate, template=NAME).count(),
        others={"stranger": (200, 302)},  # the name is a template's: he writes his own estate's
    ),
    Line(
        "office:text_preview",
        SETTINGS,
        get=405,
        post=200,
        args=_name,
        data=_words,
        plain="draws what is being typed, about no row",
        others={"stranger": (405, 200)},  # the name is a template's: he writes his own estate's
    ),
    Line(
        "office:text_test",
        ADMIN,
        get=405,
        post=302,
        args=_name,
        data=lambda w: {**_words(w), "channel": w.reachable and "email"},
        changes=lambda w: Message.objects.filter(dedupe_key__startswith="test:", estate=w.estate).count(),
        others={"stranger": (405, 302)},  # the name is a template's: he writes his own estate's
    ),
    Line(
        "office:text_restore",
        ADMIN,
        get=405,
        post=302,
        args=lambda w: {"name": w.own_text.template},
        data=lambda w: {"version": w.own_text.version},
        changes=lambda w: MessageText.objects.filter(estate=w.estate, template=w.own_text.template).count(),
        others={"stranger": (405, 302)},  # the name is a template's: he writes his own estate's
    ),
    Line(
        "office:text_switch",
        ADMIN,
        get=405,
        post=302,
        args=_name,
        data=lambda w: {"on": "1"},
        changes=lambda w: Estate.objects.get(pk=w.estate.pk).tells,
        others={"stranger": (405, 302)},  # the name is a template's: he writes his own estate's
    ),
    Line(
        "message_to_household",
        SENDS,
        post=302,
        args=lambda w: {"pk": w.occupied.pk},
        data=_hand,
        shows=lambda w: w.person.name,
        changes=lambda w: Message.objects.filter(estate=w.estate, template="hand.free").count(),
    ),
    Line(
        "message_to_reporter",
        SENDS,
        post=302,
        args=lambda w: {"pk": w.reported.pk},
        data=_hand,
        shows=lambda w: w.person.name,
        changes=lambda w: Message.objects.filter(estate=w.estate, template="hand.free").count(),
    ),
    Line(
        "message_to_complainant",
        SENDS,
        post=302,
        args=lambda w: {"pk": w.complaint.pk},
        data=lambda w: {"channel": "sms", "body": "請來電。"},  # who is not in the register has a number only
        shows=lambda w: w.complaint.name or w.complaint.phone,
        changes=lambda w: Message.objects.filter(estate=w.estate, template="hand.free").count(),
    ),
]
