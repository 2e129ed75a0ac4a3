"""One's own account."""

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from office import roles
from office.access import logged_in
from office.actions import staff as actions
from office.admin_forms import ProfileForm
from office.models import Staff


@logged_in
@require_GET
def no_password(request):
    """Where allauth sends an account that never had a password: it cannot give itself one."""
    messages.error(request, _("This account has no password yet. Ask your administrator to set one."))
    return redirect("office:profile")


@logged_in
@require_http_methods(["GET", "POST"])
def profile(request):
    person = Staff.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        saved = actions.change_profile(staff=person, values=form.values, now=request.now)
        with override(saved.language or get_language()):
            messages.success(request, _("Saved."))
        response = redirect("office:profile")
        if saved.language:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                saved.language,
                max_age=settings.LANGUAGE_COOKIE_AGE,
                samesite="Lax",
                httponly=True,
            )
        return response
    postings = [
        (posting.estate, roles.ROLES[posting.role].label, posting.get_department_display())
        for posting in request.user.posting_list
    ]
    context = {"form": form, "postings": postings, "second_factor": is_mfa_enabled(request.user)}
    return render(request, "office/profile.html", context, status=422 if request.method == "POST" else 200)
