"""The directory: platforms, their hosts, and how to reach them."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Platform(models.Model):
    """Somebody a notice can be addressed to."""

    class Kind(models.TextChoices):
        UGC = "ugc", _("platform with users' content")
        SEARCH = "search", _("search engine")
        HOST = "host", _("web host")
        CDN = "cdn", _("content delivery network")
        REGISTRAR = "registrar", _("domain registrar")
        APP_STORE = "app_store", _("app store")
        EMAIL = "email", _("e-mail provider")

    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.UGC)
    country = models.CharField(max_length=2, blank=True)  # ISO 3166-1 alpha-2
    in_eu = models.BooleanField(default=False)  # offers its service in the EU
    in_us = models.BooleanField(default=False)  # serves the public in the US
    language = models.CharField(max_length=10, default="en")  # en, zh-Hans, ko
    contact = models.EmailField(blank=True)
    channel = models.CharField(max_length=20, default="outbox")  # notices.channels
    # Misses nearer together than this count as one: caches and proxies flicker.
    recheck_gap = models.PositiveIntegerField(default=180)  # seconds

    class Meta:
        ordering = ("name",)


class HostQuerySet(models.QuerySet["Host"]):
    def inward(self) -> frozenset[str]:
        """The "host:port" that may be fetched though they are not public addresses."""
        if not settings.INWARD_HOSTS:
            return frozenset()
        return frozenset(self.filter(inward=True).values_list("name", flat=True))

    def of(self, url: str) -> Platform | None:
        """The platform that answers for `url`, by its host, or None if unknown."""
        name = host_of(url)
        found = self.filter(name=name).select_related("platform").first()
        return found.platform if found else None


class Host(models.Model):
    """A name under which a platform serves: "example.org", or "127.0.0.1:8901"."""

    platform = models.ForeignKey(Platform, models.CASCADE, related_name="hosts")
    name = models.CharField(max_length=260, unique=True)
    inward = models.BooleanField(default=False)

    objects = HostQuerySet.as_manager()


def host_of(url: str) -> str:
    """The host of `url`, lower case, with its port if it has one.

    >>> host_of("https://User@Example.org:8443/a")
    'example.org:8443'
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return f"{host}:{parts.port}" if parts.port else host
