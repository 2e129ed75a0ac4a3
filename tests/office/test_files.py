"""Files: what may come in, what is kept of it, who may read it."""

import io
import re
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from PIL import Image

from office import files
from office.models import AccessLog, Event, File
from office.refusals import Refused
from tests.cast import NOW, client_of, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


def picture(form="JPEG", size=(40, 20), mode="RGB", **options):
    drawn = io.BytesIO()
    Image.new(mode, size, "red" if mode != "P" else 1).save(drawn, form, **options)
    return drawn.getvalue()


def office_document(*names):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return packed.getvalue()


def upload(estate, by, data, name="photo.jpg", key=""):
    given = SimpleUploadedFile(name, data)
    return files.upload(content=given, name=name, estate=estate, by=by, now=NOW, upload_key=key)


def kept(file):
    with file.content.open("rb") as content:
        return content.read()


@pytest.mark.parametrize(
    ("data", "name", "content_type", "ending"),
    [
        (picture(), "IMG 1.JPG", "image/jpeg", ".jpg"),
        (picture("PNG"), "x.exe", "image/png", ".png"),
        (picture("WEBP"), "x", "image/webp", ".webp"),
        (picture("GIF", mode="P"), "x.gif", "image/png", ".png"),
        (b"%PDF-1.7\n", "a.pdf", "application/pdf", ".pdf"),
        (office_document("[Content_Types].xml", "xl/workbook.xml"), "a.zip", files.XLSX, ".xlsx"),
        (office_document("[Content_Types].xml", "word/document.xml"), "a.docx", files.DOCX, ".docx"),
    ],
)
def test_the_content_says_what_it_is(estate, clerk, data, name, content_type, ending):
    file = upload(estate, clerk, data, name)
    assert (file.content_type, file.name) == (content_type, name.rsplit(".", 1)[0] + ending)
    assert file.size == len(kept(file))
    assert re.fullmatch(r"[0-9a-f]{2}/[0-9a-f]{32}", file.content.name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"MZ\x90\x00" + b"\0" * 100, "Only pictures"),
        (b"<html><script>alert(1)</script>", "Only pictures"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Only pictures"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 20, "HEIC"),
        (picture()[:200], "damaged"),
        (b"\xff\xd8\xff" + b"junk" * 50, "damaged"),
        (b"PK\x03\x04junk", "damaged"),
        (office_document("a.txt"), "Only pictures"),
        (office_document("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "macros"),
    ],
)
def test_what_is_not_on_the_list_is_refused_with_a_sentence(estate, clerk, data, words):
    with pytest.raises(Refused, match=words):
        upload(estate, clerk, data, "innocent.jpg")
    assert not File.objects.exists()


def test_a_picture_is_drawn_anew_upright_and_says_nothing_of_its_camera(estate, clerk):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "SecretCamera"
    file = upload(estate, clerk, picture(exif=exif.tobytes(), comment=b"SecretComment"))
    data = kept(file)
    assert (file.width, file.height) == (20, 40)
    assert b"Secret" not in data
    assert dict(Image.open(io.BytesIO(data)).getexif()) == {}


def test_something_hidden_behind_a_picture_is_gone(estate, clerk):
    file = upload(estate, clerk, picture("PNG") + b"<script>hidden</script>")
    assert b"hidden" not in kept(file)


def test_a_large_picture_is_made_smaller_and_a_bomb_is_refused(estate, clerk, monkeypatch):
    file = upload(estate, clerk, picture("PNG", (5000, 100)))
    assert (file.width, file.height) == (4096, 82)
    monkeypatch.setattr(files, "MAX_PIXELS", 1000)
    with pytest.raises(Refused, match="too many pixels"):
        upload(estate, clerk, picture("PNG", (100, 100)))


def test_names_lose_folders_and_tricks(estate, clerk):
    file = upload(estate, clerk, picture(), "../../etc/水管\u202egpj.exe\x07.png")
    assert file.name == "水管gpj.exe.jpg"


def test_the_same_upload_again_is_the_same_file(estate, clerk, lead):
    first = upload(estate, clerk, picture(), key="a1b2c3d4-0000")
    assert upload(estate, clerk, picture(), key="a1b2c3d4-0000") == first
    assert upload(estate, lead, picture(), key="a1b2c3d4-0000") != first
    assert upload(estate, clerk, picture(), key="") != upload(estate, clerk, picture(), key="")


def test_attach_takes_only_ones_own_loose_files_of_the_estate(estate, elsewhere, clerk, lead, monkeypatch):
    from office.models import Unit

    monkeypatch.setattr(Unit, "SUBJECT", "test.unit", raising=False)
    unit, other = make_unit(estate), make_unit(estate)
    mine, theirs = upload(estate, clerk, picture()), upload(estate, lead, picture())
    far = upload(elsewhere, clerk, picture())
    ids = [str(mine.pk), theirs.pk, far.pk, "x", "9" * 40, ""]
    assert files.attach(ids, unit, by=clerk, now=NOW) == 1
    assert list(files.of(unit)) == [mine]
    assert files.attach([mine.pk], other, by=clerk, now=NOW) == 0


def test_a_removed_file_is_off_the_record_and_kept(estate, clerk, monkeypatch):
    from office.models import Unit

    monkeypatch.setattr(Unit, "SUBJECT", "test.unit", raising=False)
    unit, file = make_unit(estate), upload(estate, clerk, picture())
    files.attach([file.pk], unit, by=clerk, now=NOW)
    files.remove(file=file, by=clerk, now=NOW)
    file.refresh_from_db()
    assert list(files.of(unit)) == []
    assert (file.removed_at, len(kept(file))) == (NOW, file.size)
    assert not files.readable(file, clerk)
    assert Event.objects.get().verb == "file.removed"


# --- pages -------------------------------------------------------------------------------------------------


def post(staff, data, name="photo.jpg", **fields):
    given = {"file": SimpleUploadedFile(name, data), **fields}
    return client_of(staff).post(reverse("office:upload"), given)


def test_upload_answers_id_and_name(clerk, estate):
    answer = post(clerk, picture(), "屋頂.jpg", upload_key="abcdefgh-1")
    file = File.objects.get()
    assert answer.json() == {"id": file.pk, "name": "屋頂.jpg", "size": file.size}
    assert post(clerk, picture(), upload_key="abcdefgh-1").json()["id"] == file.pk
    assert File.objects.count() == 1


def test_upload_refuses_in_words(clerk, settings):
    answer = post(clerk, b"MZ", "a.jpg")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Only pictures")
    assert client_of(clerk).post(reverse("office:upload")).json() == {"error": "No file arrived."}
    settings.FILE_MAX_BYTES = 1024 * 1024
    for size in (1024 * 1024 + 1, 1024 * 1024 + 200_000):
        answer = post(clerk, b"%PDF-" + b"x" * size)
        assert (answer.status_code, answer.json()) == (413, {"error": "The file is larger than 1 MB."})
    assert client_of(clerk).get(reverse("office:upload")).status_code == 405
    assert not File.objects.exists()


def test_a_loose_file_is_its_uploaders_alone(clerk, lead, stranger, estate):
    file = upload(estate, clerk, picture())
    url = reverse("office:file", args=[file.pk])
    assert client_of(lead).get(url).status_code == 404
    assert client_of(stranger).get(url).status_code == 404
    assert not AccessLog.objects.exists()
    answer = client_of(clerk).get(url)
    assert b"".join(answer.streaming_content) == kept(file)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == files_policy()
    assert answer.headers["Content-Disposition"] == 'inline; filename="photo.jpg"'
    line = AccessLog.objects.get()
    assert (line.what, line.by_id, line.detail) == ("file", clerk.pk, {"file": file.pk})


def files_policy():
    from office.views.files import POLICY

    assert "sandbox" in POLICY
    return POLICY


def test_a_document_is_fetched_and_never_shown_in_the_page(clerk, estate):
    file = upload(estate, clerk, b"%PDF-1.7", "a.pdf")
    answer = client_of(clerk).get(reverse("office:file", args=[file.pk]))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.pdf"'


def test_an_attached_file_follows_its_subject(clerk, lead, stranger, estate, monkeypatch):
    monkeypatch.setitem(files.SUBJECTS, "test.thing", lambda staff, pk: staff == lead and pk == 7)
    file = upload(estate, clerk, picture())
    File.objects.update(subject_kind="test.thing", subject_id=7)
    url = reverse("office:file", args=[file.pk])
    assert client_of(lead).get(url).status_code == 200
    assert client_of(clerk).get(url).status_code == 404
    assert client_of(stranger).get(url).status_code == 404
    File.objects.update(subject_kind="nobody.registered")
    assert client_of(lead).get(url).status_code == 404
