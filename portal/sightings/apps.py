from django.apps import AppConfig


class SightingsConfig(AppConfig):
    name = "portal.sightings"
    default_auto_field = "django.db.models.BigAutoField"
