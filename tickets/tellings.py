"""What residents are told by themselves about their repairs, complaints and questions, where an estate wants it (SPEC §10).

None of these messages keeps a promise: calling back, telling a result and telling an answer are done by a person.
"""

from django.utils.translation import gettext_lazy as _

from office import texts

NUMBER = (_("number"), "R2026-000123")
COMPLAINT = (_("number"), "C2026-000012")
PLACE = (_("unit or place"), "3-2-1201")

TELLINGS = (
    texts.Template(
        "ticket.resident_taken",
        # Translators: 報修已受理
        _("repair taken"),
        _("Your repair %(number)s"),
        _("[%(estate)s] We have taken your repair at %(unit)s under number %(number)s. Questions: %(phone)s."),
        when=_("when a repair is taken"),
        fields={"number": NUMBER, "unit": PLACE},
        position=10,
    ),
    texts.Template(
        "ticket.resident_window",
        # Translators: 已約上門時間
        _("window agreed"),
        _("Your repair %(number)s: when we come"),
        _("[%(estate)s] Repair %(number)s at %(unit)s: our technician comes %(window)s. Questions: %(phone)s."),
        when=_("when a window is agreed or the work order goes to a technician, and when it changes"),
        fields={"number": NUMBER, "unit": PLACE, "window": (_("day and times"), "2026-03-14 14:00–16:00")},
        position=20,
    ),
    texts.Template(
        "ticket.resident_done",
        # Translators: 維修完成，將回訪
        _("repair done, callback coming"),
        _("Your repair %(number)s is done"),
        _(
            "[%(estate)s] Repair %(number)s at %(unit)s is done. We will call you by %(due)s to hear whether all is "
            "well. Questions: %(phone)s."
        ),
        when=_("when work has ended, or the water test of a leak has been passed"),
        fields={"number": NUMBER, "unit": PLACE, "due": (_("last day of the callback"), "2026-03-16")},
        position=30,
    ),
    texts.Template(
        "complaint.resident_received",
        # Translators: 投訴已受理
        _("complaint received"),
        _("Your complaint %(number)s"),
        _(
            "[%(estate)s] We have taken your complaint under number %(number)s and will have dealt with it by "
            "%(due)s. Questions: %(phone)s."
        ),
        when=_("when a complaint is taken"),
        fields={"number": COMPLAINT, "due": (_("time by which it is solved"), "2026-03-16")},
        position=40,
    ),
    texts.Template(
        "complaint.resident_result",
        # Translators: 投訴結果
        _("complaint has a result"),
        _("Your complaint %(number)s has a result"),
        _("[%(estate)s] There is a result of your complaint %(number)s. Our colleague will tell you; you may also "
          "call %(phone)s."),
        when=_("when the department has reported; the clerk still tells the result the same day"),
        fields={"number": COMPLAINT},
        position=50,
    ),
    texts.Template(
        "log.resident_answer",
        # Translators: 專家答覆
        _("expert's answer"),
        _("The answer to your question"),
        _("[%(estate)s] The answer to your question %(number)s: %(answer)s Questions: %(phone)s."),
        when=_("when an expert's answer is recorded; the clerk still tells it"),
        fields={
            "number": (_("number"), "L2026-000345"),
            "answer": (_("the answer as recorded"), _("The waterproofing is still under warranty.")),
        },
        position=60,
    ),
)  # fmt: skip
