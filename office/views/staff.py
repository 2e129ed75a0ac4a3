"""Accounts, postings and heads of departments: what an administrator does for colleagues."""

import django_filters
from django.contrib import messages
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from office import lists, roles, rules, versions
from office.access import may
from office.actions import staff as actions
from office.admin_forms import STAFF_FIELDS, HeadsForm, NewStaffForm, PasswordForm, PostingForm, StaffForm
from office.models import DepartmentHead, Posting, Staff
from office.phrases import listed
from office.refusals import Refused

ADMINISTER = "office.administer"
# Without letters and digits that are mistaken for one another when read aloud or copied from a slip.
READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class StaffFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=gettext_lazy("Name or user name"), method="search")
    role = django_filters.ChoiceFilter(
        label=gettext_lazy("Role"), choices=roles.CHOICES, method="posted_as", empty_label=gettext_lazy("any")
    )
    active = django_filters.ChoiceFilter(
        label=gettext_lazy("Log-in"),
        choices=[("yes", pgettext_lazy("log-in", "open")), ("no", pgettext_lazy("log-in", "closed"))],
        method="may_log_in",
        empty_label=gettext_lazy("any"),
    )

    class Meta:
        model = Staff
        fields = ()

    def search(self, rows, name, value):
        return rows.filter(
            Q(username__icontains=value) | Q(name__icontains=value) | Q(name_en__icontains=value)
        )

    def posted_as(self, rows, name, value):
        return rows.filter(pk__in=Posting.objects.filter(role=value).values("staff_id"))

    def may_log_in(self, rows, name, value):
        return rows.filter(is_active=value == "yes")


def _posts(row):
    return listed(sorted({str(roles.ROLES[role].label) for role in row["roles"] or ()}))


LIST = lists.List(
    name="staff",
    title=gettext_lazy("Staff"),
    fields=("id", "username", "name", "name_en", "phone", "is_active", "roles", "places"),
    columns=(
        lists.Column("name", gettext_lazy("Name"), lambda row: row["name"], order="name"),
        lists.Column("name_en", gettext_lazy("English name"), lambda row: row["name_en"]),
        lists.Column("username", gettext_lazy("User name"), lambda row: row["username"], order="username"),
        lists.Column("roles", gettext_lazy("Roles"), _posts),
        lists.Column("places", gettext_lazy("Estates"), lambda row: listed(row["places"])),
        lists.Column("phone", gettext_lazy("Telephone"), lambda row: row["phone"]),
        lists.Column(
            "active",
            gettext_lazy("Log-in"),
            lambda row: pgettext("log-in", "open") if row["is_active"] else pgettext("log-in", "closed"),
            kind="state",
            tone=lambda row: "good" if row["is_active"] else "quiet",
        ),
    ),
    filterset=StaffFilter,
    orders={"username": ("username",), "name": ("name", "id")},
    default_order="username",
    row_href=lambda row: reverse("office:staff", args=[row["id"]]),
    empty=(
        gettext_lazy("Nobody here yet."),
        lambda: reverse("office:staff_new"),
        gettext_lazy("New account"),
        "n",
    ),
    export_permission=ADMINISTER,
    personal=True,
)


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def staff_list(request):
    visible = Staff.objects.visible_to(request.user, ADMINISTER).values("pk")
    here = Q(postings__estate_id__in=request.user.estate_ids(ADMINISTER))
    rows = Staff.objects.filter(pk__in=visible).annotate(
        roles=ArrayAgg("postings__role", filter=here, distinct=True, default=None),
        places=ArrayAgg("postings__estate__code", filter=here, distinct=True, default=None),
    )
    return lists.render(request, LIST, rows, template="office/staff_list.html")


@may(ADMINISTER)
@never_cache
@require_http_methods(["GET", "POST"])
def staff_new(request):
    initial = {"estate": request.estate}
    form = NewStaffForm(request.POST or None, by=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["password"] or new_password()
        values = {
            **form.values,
            **{name: form.cleaned_data[name] for name in ("estate", "department", "role")},
        }
        try:
            staff = actions.create(values=values, password=password, by=request.user, now=request.now)
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
            return render(request, "office/staff_new.html", {"form": form}, status=409)
        return _show_password(request, staff, "" if form.cleaned_data["password"] else password)
    status = 422 if request.method == "POST" else 200
    return render(request, "office/staff_new.html", {"form": form}, status=status)


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def staff(request, pk):
    person = _get(request, pk)
    if request.method == "GET":
        return _page(request, person)
    form = StaffForm(request.POST, instance=person, version=versions.mark(person, STAFF_FIELDS))
    if not form.is_valid():
        return _page(request, person, form=form, status=422)
    try:
        actions.change(
            staff=person,
            values=form.values,
            by=request.user,
            now=request.now,
            version=form.cleaned_data["version"],
        )
    except Refused as refusal:
        person.refresh_from_db()
        return _page(request, person, refused=refusal.sentence, status=409)
    messages.success(request, _("Saved."))
    return redirect("office:staff", pk)


@may(ADMINISTER)
@never_cache
@require_POST
def staff_password(request, pk):
    person = _get(request, pk)
    form = PasswordForm(request.POST, staff=person)
    if not form.is_valid():
        return _page(request, person, password_form=form, status=422)
    password = form.cleaned_data["password"] or new_password()
    try:
        actions.reset_password(staff=person, password=password, by=request.user, now=request.now)
    except Refused as refusal:
        return _page(request, person, refused=refusal.sentence, status=409)
    return _show_password(request, person, "" if form.cleaned_data["password"] else password)


@may(ADMINISTER)
@require_POST
def staff_deactivate(request, pk):
    return _act(request, _get(request, pk), actions.deactivate, _("%(name)s can no longer log in."))


@may(ADMINISTER)
@require_POST
def staff_activate(request, pk):
    return _act(request, _get(request, pk), actions.activate, _("%(name)s may log in again."))


@may(ADMINISTER)
@require_POST
def posting_new(request, pk):
    person = _get(request, pk)
    form = PostingForm(request.POST, by=request.user)
    if not form.is_valid():
        return _page(request, person, posting_form=form, status=422)
    try:
        actions.post(staff=person, **form.cleaned_data, by=request.user, now=request.now)
    except Refused as refusal:
        return _page(request, person, refused=refusal.sentence, status=409)
    messages.success(request, _("Posted."))
    return redirect("office:staff", pk)


@may(ADMINISTER)
@require_POST
def posting_end(request, pk):
    posting = get_object_or_404(
        Posting.objects.visible_to(request.user, ADMINISTER).select_related("staff", "estate"), pk=pk
    )
    person = posting.staff
    try:
        actions.end_posting(posting=posting, by=request.user, now=request.now)
    except Refused as refusal:
        return _page(request, person, refused=refusal.sentence, status=409)
    messages.success(request, _("The posting has ended."))
    if Staff.objects.visible_to(request.user, ADMINISTER).filter(pk=person.pk).exists():
        return redirect("office:staff", person.pk)
    return redirect("office:staff_list")


@may(ADMINISTER)
@require_http_methods(["GET", "POST"])
def heads(request):
    estate = request.estate
    if estate is None or not request.user.may(ADMINISTER, estate.pk):
        raise Http404
    rows = {row.department: row for row in DepartmentHead.objects.filter(estate=estate)}
    people = list(Staff.objects.filter(is_active=True, postings__estate=estate).distinct())
    form = HeadsForm(request.POST or None, staff=people, rows=rows)
    if request.method == "POST" and form.is_valid():
        actions.set_heads(estate=estate, heads=form.heads, by=request.user, now=request.now)
        messages.success(request, _("Saved."))
        return redirect("office:heads")
    status = 422 if request.method == "POST" else 200
    return render(request, "office/staff_heads.html", {"form": form, "estate": estate}, status=status)


def new_password():
    """Readable over the telephone, 14 characters in groups: about 80 bits."""
    return "-".join(get_random_string(size, READABLE) for size in (5, 4, 5))


def _get(request, pk):
    return get_object_or_404(Staff.objects.visible_to(request.user, ADMINISTER), pk=pk)


def _act(request, person, action, sentence):
    try:
        action(staff=person, by=request.user, now=request.now)
    except Refused as refusal:
        return _page(request, person, refused=refusal.sentence, status=409)
    messages.success(request, sentence % {"name": person})
    return redirect("office:staff", person.pk)


def _show_password(request, person, password):
    """The one time a made password is seen. Not kept anywhere: a reload of this page shows nothing."""
    if not password:
        messages.success(request, _("The password has been set."))
        return redirect("office:staff", person.pk)
    return render(request, "office/staff_password.html", {"person": person, "password": password})


def _page(request, person, *, form=None, posting_form=None, password_form=None, refused="", status=200):
    mine = set(request.user.estate_ids(ADMINISTER))
    postings = []
    for posting in (
        Posting.objects.filter(staff=person).select_related("estate", "staff").order_by("estate__code", "pk")
    ):
        row = {"posting": posting, "role": roles.ROLES[posting.role].label, "mine": posting.estate_id in mine}
        if row["mine"]:
            row["why_not"] = rules.why_not_end_posting(posting, request.user)
        postings.append(row)
    owed = person.promises.open().count()
    verb = "activate" if not person.is_active else "deactivate"
    why_not = (rules.why_not_deactivate if person.is_active else rules.why_not_touch_account)(
        person, request.user
    )
    account_move = {
        "verb": verb,
        "label": _("Close for log-in") if person.is_active else _("Open for log-in"),
        "url": reverse(f"office:staff_{verb}", args=[person.pk]),
        "icon": "lock" if person.is_active else "key",
        "post": True,
        "why_not": why_not,
        "confirm": _("%(name)s still owes %(n)s answers. Close the account all the same?")
        % {"name": person, "n": owed}
        if owed and person.is_active
        else "",
    }
    context = {
        "person": person,
        "form": form or StaffForm(instance=person, version=versions.mark(person, STAFF_FIELDS)),
        "posting_form": posting_form or PostingForm(by=request.user, initial={"estate": request.estate}),
        "password_form": password_form or PasswordForm(staff=person),
        "password_why_not": rules.why_not_touch_account(person, request.user),
        "postings": postings,
        "account_move": account_move,
        "owed": owed,
        "refused": refused,
    }
    return render(request, "office/staff_detail.html", context, status=status)
