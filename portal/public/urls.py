"""Addresses that anybody may open."""

from django.urls import path

from portal.public import views

app_name = "public"
urlpatterns = [
    path("guide/", views.guide, name="guide"),
    path("check/", views.check, name="check"),
    path("transparency/", views.transparency, name="transparency"),
]
