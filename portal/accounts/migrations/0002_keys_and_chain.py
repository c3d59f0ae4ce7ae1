"""Keys for the staff, and every audit entry so far chained to the one before it."""

import json
from datetime import UTC
from hashlib import blake2b

from django.db import migrations, models


def chain(apps, schema_editor):
    """As chain.link does, written out: a migration stays what it was."""
    entries = apps.get_model("accounts", "AuditEntry").objects
    number, head = 0, bytes(32)
    for entry in entries.order_by("pk").iterator():
        number += 1
        at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
        fields = [number, at, entry.user_id, entry.actor, entry.verb, entry.subject, entry.reason]
        text = json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        head = blake2b(head + text, digest_size=32, person=b"reclaim-audit").digest()
        entries.filter(pk=entry.pk).update(number=number, hash=head)
    apps.get_model("accounts", "AuditHead").objects.create(pk=1, last=number, hash=head)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField("organisation", "recovery_key", models.BinaryField(max_length=32, null=True)),
        migrations.AddField("user", "public_key", models.BinaryField(max_length=32, null=True)),
        migrations.AddField("user", "locked_key", models.BinaryField(null=True)),
        migrations.AddField("user", "must_change_password", models.BooleanField(default=False)),
        migrations.AddField("user", "takes_cases", models.BooleanField(default=True)),
        migrations.AddField(
            "user",
            "preview",
            models.CharField(
                choices=[
                    ("blurred_grey", "blurred and grey"),
                    ("blurred", "blurred"),
                    ("grey", "grey"),
                    ("plain", "as it is"),
                ],
                default="blurred_grey",
                max_length=20,
            ),
        ),
        migrations.AddField("user", "exposure_budget", models.PositiveSmallIntegerField(default=40)),
        migrations.CreateModel(
            "AuditHead",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last", models.PositiveBigIntegerField(default=0)),
                ("hash", models.BinaryField(default=bytes(32), max_length=32)),
            ],
        ),
        migrations.AddField("auditentry", "number", models.PositiveBigIntegerField(null=True)),
        migrations.AddField("auditentry", "hash", models.BinaryField(max_length=32, null=True)),
        migrations.AlterField("auditentry", "at", models.DateTimeField()),
        migrations.RunPython(chain, migrations.RunPython.noop),
        migrations.AlterField("auditentry", "number", models.PositiveBigIntegerField(unique=True)),
        migrations.AlterField("auditentry", "hash", models.BinaryField(max_length=32)),
        migrations.AlterModelOptions("auditentry", {"ordering": ("number",)}),
    ]
