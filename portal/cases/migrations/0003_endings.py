from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def give_days(apps, schema_editor):
    """Cases from before there were two dates get those of an act of today."""
    today = timezone.now().date()
    waiting = apps.get_model("cases", "Case").objects.filter(withdrawn_at=None, delete_on=None)
    waiting.update(review_on=today + settings.REVIEW_AFTER, delete_on=today + settings.DELETE_AFTER)


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_keys_and_care'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='hold',
            name='ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(give_days, migrations.RunPython.noop),
    ]
