"""Which face answers where."""

from django.urls import include, path

urlpatterns = [
    path("", include("portal.intake.urls")),
    path("", include("portal.public.urls")),
    path("desk/", include("portal.desk.urls")),
    path("api/", include("portal.exchange.urls")),
    path("language/", include("django.conf.urls.i18n")),
]
