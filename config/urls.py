from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import include, path

from config import calls, desk, household, writing
from office.access import logged_in, public
from office.views import health, profile, session, walls
from residents import urls as register

urlpatterns = [
    path("", desk.home, name="home"),
    path("search", desk.search, name="search"),
    path("owed", desk.owed, name="owed"),
    # a screen on the wall, which nobody signs in to
    path("wall/<str:token>", walls.wall, name="wall"),
    # the telephone rings
    path("call", calls.call, name="call"),
    path("call/attach", calls.call_attach, name="call_attach"),
    # a message by hand
    path("units/<int:pk>/message/", writing.to_household, name="message_to_household"),
    path("repairs/<int:pk>/message/", writing.to_reporter, name="message_to_reporter"),
    path("complaints/<int:pk>/message/", writing.to_complainant, name="message_to_complainant"),
    # signs of life
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # the person and the frame
    path("language", session.language, name="language"),
    path("theme", session.theme, name="theme"),
    path("estate", session.estate, name="estate_switch"),
    path("account/login/", public(account.login), name="account_login"),
    path("account/logout/", public(account.logout), name="account_logout"),
    path("account/inactive/", public(account.account_inactive), name="account_inactive"),
    path("account/password/change/", logged_in(account.password_change), name="account_change_password"),
    path("account/password/set/", profile.no_password, name="account_set_password"),
    path("account/reauthenticate/", logged_in(account.reauthenticate), name="account_reauthenticate"),
    path("account/2fa/", logged_in(mfa.index), name="mfa_index"),
    path("account/2fa/authenticate/", public(mfa.authenticate), name="mfa_authenticate"),
    path("account/2fa/reauthenticate/", logged_in(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("account/2fa/totp/activate/", logged_in(totp.activate_totp), name="mfa_activate_totp"),
    path("account/2fa/totp/deactivate/", logged_in(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/2fa/codes/", logged_in(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "account/2fa/codes/generate/",
        logged_in(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/2fa/codes/download/",
        logged_in(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    # rooms
    path("office/", include("office.urls")),
    # its page of a unit is composed of every room's cards
    path("register/", include(([*household.urlpatterns, *register.urlpatterns], register.app_name))),
    path("repairs/", include("tickets.urls")),
    path("fees/", include("billing.urls")),
]

handler400 = "office.views.errors.bad_request"
handler403 = "office.views.errors.forbidden"
handler404 = "office.views.errors.not_found"
handler500 = "office.views.errors.broken"
handler429 = "office.views.errors.too_many"  # allauth asks for it when log-in is throttled
