"""What happens beside the handling of a complaint: calming down, more time (SPEC §0, §5.3)."""

import pytest

from office.models import Message, Promise
from office.refusals import Refused
from tests.cast import NOW
from tests.tickets.complaints import local, outcomes, owed
from tickets.actions import complaints as acts


def test_one_button_calls_the_supervisor_and_notes_the_separate_room(complain, clerk, supervisor):
    complaint = acts.calm_down(complaint=complain(), by=clerk, now=NOW)
    assert complaint.calmed_at == NOW and complaint.steps.get().kind == "calm_down"
    assert Message.objects.get(template="complaint.calm").staff == supervisor
    assert complain(calmed=True).calmed_at == NOW  # already at the reception


def test_more_time_is_approved_by_somebody_else_with_a_reason_and_the_old_time_stays(
    handled, lead, supervisor
):
    complaint = handled("important")
    promise = Promise.objects.get(kind="complaint_solve")
    forward = Promise.objects.get(kind="complaint_forward")
    values = {"new_due_at": local(20), "reason": "等材料", "by": supervisor, "now": NOW}
    with pytest.raises(Refused, match="not extended"):
        acts.extend(complaint=complaint, promise=forward, **values)
    with pytest.raises(Refused, match="Give the reason"):
        acts.extend(complaint=complaint, promise=promise, **values | {"reason": " "})
    complaint = acts.extend(complaint=complaint, promise=promise, **values)
    assert outcomes(complaint, "complaint_solve") == ["extended", "open"]
    assert owed(complaint)["complaint_solve"][1] == local(20)
