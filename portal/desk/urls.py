from django.contrib.auth.views import LogoutView
from django.urls import path

from portal.desk import cases, looking, notices, queue, sightings, signing_in, sources

app_name = "desk"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("login/", signing_in.login, name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("exhibits/<int:pk>/look/", looking.exhibit, name="look_at_exhibit"),
    path("reports/<int:pk>/look/", looking.report, name="look_at_report"),
    path("sightings/<int:pk>/", sightings.sighting, name="sighting"),
    path("sightings/<int:pk>/look/", looking.sighting, name="look_at_sighting"),
    path("sightings/<int:pk>/decide/", sightings.decide, name="decide"),
    path("sightings/<int:pk>/recheck/", sightings.recheck, name="recheck"),
    path("sightings/<int:pk>/notice/", sightings.notice, name="draft"),
    path("notices/<int:pk>/", notices.notice, name="notice"),
    path("notices/<int:pk>/revise/", notices.revise, name="revise"),
    path("notices/<int:pk>/approve/", notices.approve, name="approve"),
    path("notices/<int:pk>/cancel/", notices.cancel, name="cancel"),
    path("notices/<int:pk>/acknowledge/", notices.acknowledge, name="acknowledge"),
    path("notices/<int:pk>/refuse/", notices.refuse, name="refuse"),
    path("sources/", sources.sources, name="sources"),
    path("sources/new/", sources.new, name="new_source"),
    path("sources/<int:pk>/visit/", sources.visit, name="visit"),
    path("sources/<int:pk>/switch/", sources.switch, name="switch"),
    path("alerts/<int:pk>/seen/", queue.seen, name="seen"),
]
