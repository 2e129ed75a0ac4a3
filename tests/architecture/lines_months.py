"""The monthly report: written and signed by the supervisor, signed or sent back by the director, read by auditors."""

from tests.architecture.lines import Line

READ = "supervisor director auditor"
WRITE = "supervisor director"


def _draft(w):
    return {"pk": w.month.pk}


def _signed(w):
    return {"pk": w.signed_month.pk}


def _state(w, name="month"):
    row = getattr(w, name)
    return type(row).objects.get(pk=row.pk).version


def _mark(w):
    from office import months

    return {"mark": months.mark(months.compose(w.estate, w.month.month)), "version": w.month.version}


LINES = [
    Line("office:months", READ, post=302, shows=lambda w: w.month, stranger=(302,)),
    Line(
        "office:month",
        READ,
        post=302,
        args=_draft,
        data=lambda w: {"text_summary": "回訪率達標", "version": w.month.version},
        shows=lambda w: w.month,
        changes=_state,
        writes=WRITE,
    ),
    Line(
        "office:month_sign",
        WRITE,
        post=302,
        args=_draft,
        data=_mark,
        shows=lambda w: w.month,
        changes=_state,
    ),
    Line(
        "office:month_issue",
        "director",
        post=302,
        args=_signed,
        data=lambda w: {"version": w.signed_month.version},
        shows=lambda w: w.signed_month,
        changes=lambda w: _state(w, "signed_month"),
    ),
    Line(
        "office:month_send_back",
        "director",
        post=302,
        args=_signed,
        data=lambda w: {"reason": "寫明原因", "version": w.signed_month.version},
        shows=lambda w: w.signed_month,
        changes=lambda w: _state(w, "signed_month"),
    ),
    Line("office:month_pdf", READ, args=_draft, plain="a PDF; tests/office/test_months.py reads it"),
]
