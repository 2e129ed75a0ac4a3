"""Everything people do about repairs, by object."""

from django.urls import path

from tickets.views import (
    assets,
    callbacks,
    dashboard,
    day,
    intake,
    lists,
    moves,
    prints,
    reception,
    shifts,
    slips,
    ticket,
    work,
)

app_name = "tickets"
urlpatterns = [
    # the list and what is read over many tickets
    path("", lists.tickets, name="list"),
    path("dispatch", moves.dispatch_many, name="dispatch_many"),
    path("promises", lists.promises, name="promises"),
    path("dashboard", dashboard.dashboard, name="dashboard"),
    # taking one
    path("new", intake.intake, name="intake"),
    path("new/hints", intake.hints, name="intake_hints"),
    path("places", intake.suggest, name="places"),
    # one ticket and its moves
    path("<int:pk>/", ticket.ticket, name="ticket"),
    path("<int:pk>/dispatch", moves.dispatch, name="dispatch"),
    path("<int:pk>/schedule", moves.schedule, name="schedule"),
    path("<int:pk>/wait", moves.wait, name="wait"),
    path("<int:pk>/resume", moves.resume, name="resume"),
    path("<int:pk>/water-test", moves.water_test, name="water_test"),
    path("<int:pk>/cost", moves.decide_cost, name="decide_cost"),
    path("<int:pk>/quotation", moves.quote, name="quote"),
    path("<int:pk>/consent", moves.consent, name="consent"),
    path("<int:pk>/ask-time", moves.ask_time, name="ask_time"),
    path("<int:pk>/ask-free", moves.ask_free, name="ask_free"),
    path("<int:pk>/edit", moves.correct, name="correct"),
    path("<int:pk>/cancel", moves.cancel, name="cancel"),
    path("<int:pk>/duplicate", moves.duplicate, name="duplicate"),
    path("<int:pk>/hand-over", moves.hand_over, name="hand_over"),
    path("<int:pk>/callback", callbacks.call_back, name="call_back"),
    path("<int:pk>/unreachable", moves.close_unreachable, name="close_unreachable"),
    path("requests/<int:pk>/", moves.decide, name="decide"),
    # one work order
    path("mine", work.my_work, name="my_work"),
    path("orders/<int:pk>/", work.work_order, name="work_order"),
    path("orders/<int:pk>/arrive", work.arrive, name="arrive"),
    path("orders/<int:pk>/finish", work.finish, name="finish"),
    # paper
    path("orders/<int:pk>/print", prints.work_order_print, name="work_order_print"),
    path("orders/<int:pk>/pdf", prints.work_order_pdf, name="work_order_pdf"),
    path("orders/<int:pk>/printed", prints.work_order_printed, name="work_order_printed"),
    path("<int:pk>/register.pdf", prints.register_pdf, name="register_pdf"),
    path("callbacks.pdf", prints.callback_pdf, name="callback_pdf"),
    # slips, callbacks, the crew's day
    path("slips", slips.slips, name="slips"),
    path("slips/hint", slips.slip_hint, name="slip_hint"),
    path("callbacks", callbacks.queue, name="callbacks"),
    path("callbacks/made", lists.callbacks_made, name="callbacks_made"),
    path("day", day.day, name="day"),
    path("day/print", prints.day_pdf, name="day_pdf"),
    path("day/order", day.day_order, name="day_order"),
    # the reception log: the day's lines, one line and its question
    path("log/", reception.log, name="reception"),
    path("log/new", reception.log_new, name="reception_new"),
    path("log/day.pdf", reception.log_pdf, name="reception_pdf"),
    path("log/<int:pk>/", reception.log_entry, name="reception_entry"),
    path("log/<int:pk>/edit", reception.log_correct, name="reception_correct"),
    path("log/<int:pk>/ask", reception.log_ask, name="reception_ask"),
    path("log/<int:pk>/answer", reception.log_answer, name="reception_answer"),
    path("log/<int:pk>/told", reception.log_told, name="reception_told"),
    path("log/<int:pk>/pass-on", reception.log_pass_on, name="reception_pass_on"),
    # shift hand-overs
    path("shifts/", shifts.shifts, name="shifts"),
    path("shifts/new", shifts.shift_new, name="shift_new"),
    path("shifts/<int:pk>/", shifts.shift, name="shift"),
    path("shifts/<int:pk>/acknowledge", shifts.shift_acknowledge, name="shift_acknowledge"),
    # public facilities
    path("facilities", assets.assets, name="assets"),
    path("facilities/new", assets.asset_add, name="asset_add"),
    path("facilities/<int:pk>/", assets.asset, name="asset"),
    path("facilities/<int:pk>/edit", assets.asset_edit, name="asset_edit"),
]
