"""Promise rules, escalation and what happens by itself: one line per URL (SPEC §0, §11)."""

from datetime import timedelta

from office.models import EscalationRule, PromiseRule, Seen, SweepRun
from tests.architecture.lines import REMINDERS, Line

READ = "supervisor director auditor admin"
CHANGE = "director admin"
# Nothing climbed to them, and the machine says so; a head of department among them would succeed.
READERS = ("clerk", "cashier", "lead", "technician", "guard", "finance", "auditor", "admin")
POSTED = "clerk cashier lead technician guard supervisor director finance auditor admin"


def _escalation(w):
    return {
        "hour_minutes": 20, "closing_hours": 3, "day_time": "08:30", "director_hours_short": 2,
        "director_hours": 12, "valid_from": (w.today + timedelta(days=1)).isoformat(), "directors": ["callback"],
        "email_from": 0, "sms_from": 0,
    }  # fmt: skip


LINES = [
    Line("office:settings", READ, shows=lambda w: w.estate.name_en),
    Line(
        "office:settings_rule",
        READ,
        post=302,
        args=lambda w: {"key": "callback_leak"},
        data=lambda w: {"amount": 2, "measure": "days", "valid_from": w.today.isoformat()},
        shows=lambda w: "3 days",
        changes=lambda w: PromiseRule.objects.filter(estate=w.estate, key="callback_leak").count(),
        writes=CHANGE,
        others={"stranger": (200, 302)},  # the key names a rule, not a row: he changes his own estate's
    ),
    Line(
        "office:settings_escalation",
        READ,
        post=302,
        data=_escalation,
        shows=lambda w: w.estate.name_en,
        changes=lambda w: EscalationRule.objects.filter(estate=w.estate).count(),
        writes=CHANGE,
        stranger=(302,),  # his own estate's
    ),
    Line(
        "office:see",
        "supervisor director",
        get=405,
        post=302,
        args=lambda w: {"pk": w.climbed.pk},
        data=lambda w: {"next": "/office/bell/"},
        changes=lambda w: Seen.objects.filter(promise=w.climbed).count(),
        others=dict.fromkeys(READERS, (405, 302)),  # sent back to where the button stood, with the reason
    ),
    Line(
        "office:see_many",
        "clerk cashier lead supervisor director finance auditor",
        get=405,
        post=302,
        plain="who a promise has not reached changes nothing; tested in tests/office/test_climbing.py",
        stranger=(302,),
    ),
    Line("office:reminders", REMINDERS, shows=lambda w: "callback", stranger=(405,)),
    Line(
        "office:reminder",
        REMINDERS,
        args=lambda w: {"name": "callback"},
        shows=lambda w: "callback",
        others={"stranger": (200, 405)},  # a sweep belongs to no estate; its rows do
    ),
    Line(
        "office:reminder_run",
        "supervisor director admin",
        get=405,
        post=302,
        args=lambda w: {"name": "callback"},
        changes=lambda w: SweepRun.objects.filter(name="callback").values_list("started_at").first(),
        others={"stranger": (405, 302)},  # a sweep belongs to no estate
    ),
    Line("office:pulse", POSTED, plain="says only whether the machine reminds", stranger=(405,)),
]
