"""What a user can do in the office's own pages, grouped by object."""

from django.urls import path

from office.views import estates, profile, reminders, settings, staff

app_name = "office"
urlpatterns = [
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
    path("settings/", settings.settings, name="settings"),
    path("settings/rules/<slug:key>/", settings.rule, name="settings_rule"),
    path("settings/numbers/", settings.numbers, name="settings_numbers"),
    path("settings/<slug:name>/", settings.catalogue, name="settings_catalogue"),
    path("settings/<slug:name>/new/", settings.row_new, name="settings_row_new"),
    path("settings/<slug:name>/<int:pk>/", settings.row, name="settings_row"),
    # what happens by itself; oneself
    path("reminders/", reminders.reminders, name="reminders"),
    path("reminders/<slug:name>/run/", reminders.reminder_run, name="reminder_run"),
    path("profile/", profile.profile, name="profile"),
]
