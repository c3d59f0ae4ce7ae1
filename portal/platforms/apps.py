from django.apps import AppConfig


class PlatformsConfig(AppConfig):
    name = "portal.platforms"
    default_auto_field = "django.db.models.BigAutoField"
