"""A page that chooses pictures and sends their codes: what intake/_choose.html is for."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

PAGE = """{% extends "base.html" %}{% load static %}
{% block title %}Choosing · Reclaim{% endblock %}
{% block head %}
<link rel="stylesheet" href="{% static 'css/forms.css' %}">
<link rel="stylesheet" href="{% static 'css/choose.css' %}">
{% endblock %}
{% block content %}
<h1>Your picture</h1>
{% include "intake/_choose.html" with form_id="told" %}
<form method="post" id="told">{% csrf_token %}<button>Send</button></form>
<p id="received">{{ claims }}</p>
{% endblock %}
{% block scripts %}
<script type="module" src="{% static 'js/choose.js' %}"></script>
{% endblock %}
"""


def choosing(request: HttpRequest) -> HttpResponse:
    """Comes back with the codes that were sent, as a page with a mistake would."""
    told = {"claims": request.POST.get("claims", "")}
    page = engines["django"].from_string(PAGE).render(told, request)
    return HttpResponse(page)


urlpatterns = [path("choosing/", choosing), path("", include("portal.urls"))]
