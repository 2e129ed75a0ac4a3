from django.db import migrations, models


class Migration(migrations.Migration):
    """Callbacks made in a month are found without reading those of other years."""

    dependencies = [("tickets", "0003_windows_and_answers_are_whole")]

    operations = [
        migrations.AddIndex(
            model_name="callbacktry",
            index=models.Index(fields=["tried_at"], name="callback_tried"),
        ),
    ]
