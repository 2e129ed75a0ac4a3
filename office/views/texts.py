"""The words of messages: what residents are told by themselves, beginnings for messages by hand, one text per language."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from office import sms, texts
from office.access import may
from office.actions import messages as actions
from office.lists import stamp
from office.models import MessageText
from office.models.places import LANGUAGES
from office.refusals import Refused
from office.text_forms import TextForm
from office.views.settings import ADMINISTER, READ, estate_of, tabs

WRITE = "messages.send"


@may(ADMINISTER, READ)
@require_GET
def text_list(request):
    """Every message residents may get, whether this estate sends it, and whose words it has."""
    estate, administers = estate_of(request)
    own = texts.current_of(estate.pk)
    groups = [
        (
            _("Told by itself"),
            _("Each is off until it is switched on here. A message never keeps a promise to telephone."),
            True,
        ),
        (_("Beginnings for messages by hand"), _("Whoever writes reads them over and adds to them."), False),
    ]
    drawn = [
        {
            "title": title,
            "hint": hint,
            "by_itself": by_itself,
            "rows": [_row(template, estate, own) for template in texts.in_order(by_itself)],
        }
        for title, hint, by_itself in groups
    ]
    context = {"groups": drawn, "administers": administers, **tabs(request, "messages")}
    return render(request, "office/texts.html", context)


def _row(template, estate, own):
    mine = [own.get((template.name, code)) for code, _label in LANGUAGES]
    changed = [texts.spoken(row.language) for row in mine if row and not row.restored]
    return {
        "template": template,
        "url": reverse("office:text", args=[template.name]),
        "is_on": template.name in estate.tells,
        "changed": changed,
    }


def _template(name):
    if name not in texts.TEMPLATES:
        raise Http404
    return texts.TEMPLATES[name]


def _language(request, estate):
    said = request.GET.get("language", "")
    return said if said in dict(LANGUAGES) else estate.language


@may(ADMINISTER, READ)
@require_http_methods(["GET", "POST"])
def text(request, name):
    """The words of one message in one language, what they look like, and what they were before."""
    template = _template(name)
    estate, administers = estate_of(request)
    language = _language(request, estate)
    title, body, version = texts.current(estate.pk, name, language)
    form = TextForm(
        request.POST or None, template=template, language=language, version=version,
        initial={"title": title, "body": body},
    )  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                actions.set_text(
                    estate=estate, template=name, language=language, title=values["title"], body=values["body"],
                    version=values["version"], by=request.user, now=request.now,
                )  # fmt: skip
            except Refused as refusal:
                form.add_error(None, refusal.sentence)
                status = 409
            else:
                messages.success(request, _("Saved. What was sent stays as it was sent."))
                return redirect(_address(name, language))
        title, body = form.data.get("title", ""), form.data.get("body", "")
    return render(
        request,
        "office/text.html",
        _page(template, estate, language, administers, form, title, body),
        status=status,
    )


def _page(template, estate, language, administers, form, title, body):
    rows = MessageText.objects.filter(estate=estate, template=template.name, language=language)
    shipped = template.shipped(language)
    history = [
        {
            "version": row.version,
            "title": shipped[0] if row.restored else row.title,
            "body": shipped[1] if row.restored else row.body,
            "restored": row.restored,
            "at": stamp(row.made_at),
            "by": row.by.local_name if row.by else "",
        }
        for row in rows.select_related("by").order_by("-version")[:20]
    ]
    return {
        "template": template,
        "language": language,
        "form": form if administers else None,
        "is_own": bool(history) and not history[0]["restored"],
        "version": history[0]["version"] if history else 0,
        "shipped": shipped,
        "history": history,
        "places": [(f"{{{name}}}", label) for name, label in template.places.items()],
        "preview": preview_of(estate, template.name, language, title, body),
        "is_on": template.name in estate.tells,
        "languages": [
            {"label": label, "url": f"?language={code}", "active": code == language}
            for code, label in LANGUAGES
        ],
    }


def preview_of(estate, name, language, title, body):
    """How the words look with made-up data, and what they cost as a text message."""
    title, body = texts.sample(estate, name, language, title, body)
    return {"title": title, "body": body, "length": sms.length(body), "unknown": ""}


def _address(name, language):
    return f"{reverse('office:text', args=[name])}?language={language}"


@may(ADMINISTER, READ)
@require_POST
def text_preview(request, name):
    """The preview of words that are being typed; changes nothing."""
    template, estate = _template(name), request.estate
    if estate is None or not any(request.user.may(one, estate.pk) for one in (ADMINISTER, READ)):
        raise Http404
    title, body = (request.POST.get(part, "").replace("\0", "")[:5000] for part in ("title", "body"))
    language = _language(request, estate)
    preview = preview_of(estate, name, language, title, body)
    preview["unknown"] = actions.why_not_text(name, title, body) or ""
    return render(
        request,
        "office/text.html#text-preview",
        {"preview": preview, "template": template, "language": language},
    )


@may(ADMINISTER)
@require_POST
def text_test(request, name):
    """The words that stand in the form, saved or not, sent to oneself."""
    template = _template(name)
    estate, _administers = estate_of(request)
    language = _language(request, estate)
    form = TextForm(request.POST, template=template, language=language)
    form.fields.pop("version", None)
    if not form.is_valid() and not form.warnings:
        messages.error(request, _("Put the words right first; nothing was sent."))
        return redirect(_address(name, language))
    title, body = (form.data.get(part, "").strip() for part in ("title", "body"))
    channel = request.POST.get("channel", "")
    try:
        sent = actions.send_test(
            estate=estate, template=name, language=language, channel=channel, title=title, body=body,
            by=request.user, now=request.now,
        )  # fmt: skip
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("The test is on its way to %(address)s.") % {"address": sent.address})
    return redirect(_address(name, language))


@may(ADMINISTER)
@require_POST
def text_restore(request, name):
    _template(name)
    estate, _administers = estate_of(request)
    language = _language(request, estate)
    said = request.POST.get("version", "")
    version = int(said) if said.isdecimal() and len(said) < 9 else None
    try:
        actions.restore_text(
            estate=estate, template=name, language=language, version=version, by=request.user, now=request.now
        )
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("The shipped text is back."))
    return redirect(_address(name, language))


@may(ADMINISTER)
@require_POST
def text_switch(request, name):
    """Tell residents of this estate by itself, or no longer."""
    template = _template(name)
    estate, _administers = estate_of(request)
    on = request.POST.get("on") == "1"
    try:
        actions.switch(estate=estate, template=name, on=on, by=request.user, now=request.now)
    except Refused as refusal:
        raise PermissionDenied from refusal
    said = (
        _("Residents are told from now on: %(what)s.") if on else _("Residents are no longer told: %(what)s.")
    )
    messages.success(request, said % {"what": template.label})
    return redirect("office:texts")


@may(WRITE, ADMINISTER)
@require_POST
def sms_length(request):
    """How long what is being typed would be as a text message."""
    body = request.POST.get("body", "").replace("\0", "")[:5000]
    return render(request, "office/_sms_length.html", {"length": sms.length(body)})
