"""Which face answers where. The one for machines is asked most, so it is looked for first."""

from django.urls import include, path

urlpatterns = [
    path("api/", include("portal.exchange.urls")),
    path("", include("portal.intake.urls")),
    path("", include("portal.public.urls")),
    path("desk/", include("portal.desk.urls")),
    path("language/", include("django.conf.urls.i18n")),
]
