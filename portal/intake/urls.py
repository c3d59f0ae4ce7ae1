from django.urls import path

from portal.intake import ending, mailbox, views

app_name = "intake"
urlpatterns = [
    path("", views.home, name="home"),
    path("report/", views.age, name="report"),
    path("report/adult/", views.adult, name="adult"),
    path("report/young/", views.young, name="young"),
    path("case/", mailbox.enter, name="case"),
    path("case/status/", mailbox.status, name="status"),
    path("case/consents/", mailbox.consents, name="consents"),
    path("case/withdraw/", ending.withdraw, name="withdraw"),
    path("case/leave/", mailbox.leave, name="leave"),
    path("exit/", views.leave_site, name="exit"),
    path("languages/", views.languages, name="languages"),
]
