from django.db import migrations, models


class Migration(migrations.Migration):
    """Callbacks owed for completions of a month are found without reading those of other years."""

    dependencies = [("office", "0004_ages")]

    operations = [
        migrations.AddIndex(
            model_name="promise",
            index=models.Index(fields=["estate", "kind", "fact_at"], name="promise_fact"),
        ),
    ]
