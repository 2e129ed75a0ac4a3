from django.db import migrations

# A ticket opened directly writes its own line of the reception log (SPEC §2): those taken before get theirs here.
# What came by a patrol, an old system or a maintenance plan came through nobody's door and gets none.
FILL = """
    INSERT INTO tickets_logentry (
        estate_id, number, at, recorded_at, channel, who, unit_id, place, person_id, name, phone, organisation,
        credentials, asked, answered, by_id, became_kind, became_id, became_text, automatic, withdrawn, version
    )
    SELECT estate_id, '', opened_at, opened_at, channel,
        CASE WHEN unit_id IS NOT NULL OR reporter_id IS NOT NULL THEN 'resident'
             WHEN reporter_name <> '' OR reporter_phone <> '' THEN 'outside' ELSE 'anonymous' END,
        unit_id, place, reporter_id, reporter_name, reporter_phone, '', '', problem, '', owner_id,
        'tickets.ticket', id, number, true, false, 1
    FROM tickets_ticket
    WHERE channel IN ('phone', 'counter', 'message', 'letter') AND stream <> 'preventive' AND owner_id IS NOT NULL
        AND problem <> ''
    ON CONFLICT DO NOTHING
"""
EMPTY = "DELETE FROM tickets_logentry WHERE automatic"


class Migration(migrations.Migration):
    """Tickets taken before the log existed write their line; one statement, and a way back."""

    dependencies = [("tickets", "0007_reception_log")]

    operations = [migrations.RunSQL(FILL, EMPTY)]
