"""What a user can do in the office's own pages, grouped by object."""

from django.urls import path

from office.views import (
    bell,
    board,
    drafts,
    escalation,
    estates,
    files,
    imports,
    jobs,
    log,
    months,
    profile,
    rates,
    reminders,
    rules,
    settings,
    sheets,
    staff,
    undo,
    walls,
)

app_name = "office"
urlpatterns = [
    # notices to oneself
    path("bell/", bell.bell, name="bell"),
    path("bell/read/", bell.bell_read, name="bell_read"),
    path("bell/<int:pk>/", bell.bell_open, name="bell_open"),
    # what is owed, and by whom
    path("board/", board.board, name="board"),
    path("board/hand-over/", board.hand_over_many, name="board_hand_over"),
    path("board/<int:pk>/hand-over/", board.hand_over, name="promise_hand_over"),
    path("board/morning.pdf", board.morning_pdf, name="morning_pdf"),
    path("rates/", rates.rates, name="rates"),
    path("walls/", walls.walls, name="walls"),
    path("walls/<int:pk>/end/", walls.wall_end, name="wall_end"),
    # long work
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("jobs/<int:pk>/cancel/", jobs.job_cancel, name="job_cancel"),
    # files that are to come in
    path("imports/", imports.import_list, name="imports"),
    path("imports/new/", imports.import_new, name="import_new"),
    path("imports/<int:pk>/", imports.batch, name="import"),
    path("imports/<int:pk>/sheet/", imports.choose, name="import_choose"),
    path("imports/<int:pk>/columns/", imports.match, name="import_match"),
    path("imports/<int:pk>/check/", imports.check, name="import_check"),
    path("imports/<int:pk>/rows/", imports.mend, name="import_mend"),
    path("imports/<int:pk>/rows/<int:row_pk>/leave/", imports.leave, name="import_leave"),
    path("imports/<int:pk>/proposals/", imports.proposals, name="import_proposals"),
    path("imports/<int:pk>/errors/", imports.errors, name="import_errors"),
    path("imports/<int:pk>/apply/", imports.apply, name="import_apply"),
    path("imports/<int:pk>/roll-back/", imports.roll_back, name="import_roll_back"),
    path("imports/<int:pk>/next/", imports.next_sheet, name="import_next"),
    # the monthly report
    path("months/", months.month_list, name="months"),
    path("months/<int:pk>/", months.month, name="month"),
    path("months/<int:pk>/sign/", months.month_sign, name="month_sign"),
    path("months/<int:pk>/issue/", months.month_issue, name="month_issue"),
    path("months/<int:pk>/send-back/", months.month_send_back, name="month_send_back"),
    path("months/<int:pk>/pdf/", months.month_pdf, name="month_pdf"),
    # attachments
    path("files/", files.upload, name="upload"),
    path("files/<int:pk>/", files.file, name="file"),
    # blank forms
    path("forms/", sheets.sheets, name="sheets"),
    path("forms/<slug:name>/", sheets.sheet, name="sheet"),
    # what is typed, what was just done
    path("drafts/<str:form>/", drafts.draft, name="draft"),
    path("undo/<uuid:pk>/", undo.take_back, name="undo"),
    path("promises/<int:pk>/seen/", escalation.see, name="see"),
    # who did what, who looked at what
    path("log/", log.log, name="log"),
    path("log/access/", log.access_log, name="access_log"),
    # administration: staff
    path("staff/", staff.staff_list, name="staff_list"),
    path("staff/new/", staff.staff_new, name="staff_new"),
    path("staff/<int:pk>/", staff.staff, name="staff"),
    path("staff/<int:pk>/password/", staff.staff_password, name="staff_password"),
    path("staff/<int:pk>/deactivate/", staff.staff_deactivate, name="staff_deactivate"),
    path("staff/<int:pk>/activate/", staff.staff_activate, name="staff_activate"),
    path("staff/<int:pk>/postings/", staff.posting_new, name="posting_new"),
    path("postings/<int:pk>/end/", staff.posting_end, name="posting_end"),
    path("heads/", staff.heads, name="heads"),
    # administration: estates and their settings
    path("estates/", estates.estate_list, name="estate_list"),
    path("estates/new/", estates.estate_new, name="estate_new"),
    path("estates/<int:pk>/", estates.estate, name="estate"),
    path("settings/", rules.settings, name="settings"),
    path("settings/rules/<slug:key>/", rules.rule, name="settings_rule"),
    path("settings/escalation/", rules.escalation, name="settings_escalation"),
    path("settings/numbers/", settings.numbers, name="settings_numbers"),
    path("settings/<slug:name>/", settings.catalogue, name="settings_catalogue"),
    path("settings/<slug:name>/new/", settings.row_new, name="settings_row_new"),
    path("settings/<slug:name>/<int:pk>/", settings.row, name="settings_row"),
    # what happens by itself; oneself
    path("reminders/", reminders.reminders, name="reminders"),
    path("pulse/", reminders.pulse, name="pulse"),
    path("reminders/<slug:name>/", reminders.reminder, name="reminder"),
    path("reminders/<slug:name>/run/", reminders.reminder_run, name="reminder_run"),
    path("profile/", profile.profile, name="profile"),
]
