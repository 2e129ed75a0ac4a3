"""Attachments: one upload per request, served only to those who may see what they belong to."""

from django.conf import settings
from django.http import FileResponse, Http404, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from office import accesslog, files
from office.access import may
from office.models import File
from office.refusals import Refused

# Pictures may be shown in a page; everything else is fetched. Whatever it is, nothing in it may run.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
SPARE = 64 * 1024  # bytes of the form around the file


@may("office.files")
@require_POST
def upload(request):
    """One file; answers {"id", "name", "size"}. 413 when too large, 422 when it is of no kind we take."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.FILE_MAX_BYTES + SPARE:
        return JsonResponse({"error": files.too_large().sentence}, status=413)
    given = request.FILES.get("file")
    if given is None:
        return JsonResponse({"error": _("No file arrived.")}, status=422)
    if request.estate is None:
        return JsonResponse({"error": _("You are not posted to any estate.")}, status=422)
    try:
        kept = files.upload(
            content=given,
            name=given.name,
            estate=request.estate,
            by=request.user,
            now=request.now,
            upload_key=request.POST.get("upload_key", ""),
        )
    except files.TooLarge as refusal:
        return JsonResponse({"error": str(refusal.sentence)}, status=413)
    except Refused as refusal:
        return JsonResponse({"error": str(refusal.sentence)}, status=422)
    return JsonResponse({"id": kept.pk, "name": kept.name, "size": kept.size})


@may("office.files")
@require_GET
def file(request, pk):
    """The content. Not readable is the same as not there. Every reading is logged."""
    row = get_object_or_404(File.objects.visible_to(request.user), pk=pk)
    if not files.readable(row, request.user):
        raise Http404
    try:
        content = row.content.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    accesslog.log(
        what=accesslog.FILE,
        by=request.user,
        now=request.now,
        estate_id=row.estate_id,
        subject_kind=row.subject_kind or "office.file",
        subject_id=row.subject_id or row.pk,
        detail={"file": row.pk},
    )
    response = FileResponse(
        content, as_attachment=not row.is_image, filename=row.name, content_type=row.content_type
    )
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, max-age=600"
    return response
