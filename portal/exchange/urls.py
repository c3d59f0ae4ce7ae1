"""What machines may ask. Whatever is not here is answered in JSON, too."""

from django.urls import path, re_path

from portal.exchange import views

app_name = "exchange"
urlpatterns = [
    path("v1/lookups", views.Lookups.as_view(), name="lookups"),
    path("v1/feed", views.Feeds.as_view(), name="feed"),
    path("v1/feedback", views.Feedbacks.as_view(), name="feedback"),
    path("v1/status", views.StatusView.as_view(), name="status"),
    path("schema/", views.Schema.as_view(), name="schema"),
    path("docs/", views.docs, name="docs"),
    re_path(r"", views.unknown),
]
