from django.apps import AppConfig

from portal import checks


class AccountsConfig(AppConfig):
    name = "portal.accounts"
    default_auto_field = "django.db.models.BigAutoField"
    # Importing them registered them; named here so that the import is seen to be used.
    refuses = checks.check_profile
