"""One line per change, never changed again (ARCHITECTURE §2)."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from office import journal
from office.models import AccessLog, Event
from tests.cast import NOW
from tests.matters import matter


@pytest.fixture(autouse=True)
def verb(monkeypatch):
    monkeypatch.setitem(journal.SENTENCES, "trial.done", _("closed as a duplicate of %(of)s, reporter told"))


def record(by=None, **data):
    return journal.record("trial.done", subject=matter(title="T-1"), by=by, now=NOW, data=data)


def test_a_line_says_who_did_what_to_what(estate, clerk):
    event = record(by=clerk, of="R2026-000001")
    event.refresh_from_db()
    assert (event.at, event.verb, event.subject_kind, event.subject_text) == (
        NOW,
        "trial.done",
        "tests.matter",
        "T-1",
    )
    assert (event.by_id, event.by_name) == (clerk.pk, clerk.name)
    with translation.override("en"):
        assert journal.sentence(event) == "closed as a duplicate of R2026-000001, reporter told"


def test_the_machine_has_no_name(db):
    assert (record().by_id, record().by_name) == (None, "")


def test_a_missing_value_is_a_gap_and_no_error_page(db):
    with translation.override("en"):
        assert journal.sentence(record()) == "closed as a duplicate of …, reporter told"


def test_values_that_are_words_speak_the_readers_language(db, monkeypatch):
    monkeypatch.setitem(journal.WORDS, "trial.state.done", "finished")
    with translation.override("en"):
        event = record(of=journal.word("trial.state", "done"))
        assert journal.sentence(event) == "closed as a duplicate of finished, reporter told"


def test_amounts_keep_the_currency_they_were_in(db):
    with translation.override("en"):
        said = [
            journal.sentence(record(of=journal.money(Decimal("1234.50"), currency)))
            for currency in ("CNY", "HKD")
        ]
        assert said == [
            f"closed as a duplicate of {text}, reporter told" for text in ("¥1,234.50", "HK$1,234.50")
        ]


def test_an_unknown_verb_is_refused_and_nothing_written(db):
    with pytest.raises(LookupError, match=r"trial\.unknown"):
        journal.record("trial.unknown", subject=matter(), by=None, now=NOW)
    assert not Event.objects.exists()


def test_every_registered_sentence_reads_in_every_language(db):
    for language in ("en", "zh-hant", "zh-hans"):
        with translation.override(language):
            for verb in journal.SENTENCES:
                assert journal.sentence(Event(verb=verb, data={}))


@pytest.mark.parametrize("model", [Event, AccessLog])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_what_was_written(db, model, statement):
    record()
    refused = pytest.raises(DatabaseError, match=r"append-only|permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(model._meta.db_table))
    assert Event.objects.count() == 1


def test_the_trigger_refuses_the_owner_too(own_db):
    from config.embedded import EmbeddedError
    from tests import databases

    record()
    server = databases.servers().postgres
    for statement in ("UPDATE office_event SET id = id", "DELETE FROM office_event", "TRUNCATE office_event"):
        with pytest.raises(EmbeddedError, match="append-only"):
            server.sql(f"SET ROLE guanjia_owner; {statement}", database=own_db)
    assert Event.objects.count() == 1


def test_without_its_line_the_change_does_not_exist(estate):
    with pytest.raises(LookupError), transaction.atomic():
        type(estate).objects.filter(pk=estate.pk).update(name="changed")
        journal.record("trial.unknown", subject=matter(), by=None, now=NOW)
    estate.refresh_from_db()
    assert estate.name == "恆泰花園"
