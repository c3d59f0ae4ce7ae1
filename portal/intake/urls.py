from django.urls import path, re_path

from portal.intake import (
    ending,
    entering,
    mailbox,
    messages,
    more,
    posting,
    reaching,
    receipt,
    report,
    upload,
    views,
)
from portal.intake.questions import STEPS

app_name = "intake"
urlpatterns = [
    path("", views.home, name="home"),
    path("report/", views.age, name="report"),
    path("report/young/", views.young, name="young"),
    path("report/helping/", views.helping, name="helping"),
    re_path(f"^report/(?P<name>{'|'.join(STEPS)})/$", report.step, name="step"),
    path("report/where/seen/", report.seen, name="seen"),
    path("report/review/", report.review, name="review"),
    path("report/stop/", report.stop, name="stop"),
    path("report/leave/", report.leave, name="stopped"),
    path("report/continue/", report.come_back, name="come_back"),
    path("report/kept/", receipt.kept, name="kept"),
    path("report/save/", receipt.save, name="save"),
    path("case/", entering.enter, name="case"),
    path("case/status/", mailbox.status, name="status"),
    path("case/messages/", messages.messages, name="messages"),
    path("case/more/", more.more, name="more"),
    path("case/upload/", upload.upload, name="upload"),
    path("case/upload/drop/", upload.drop, name="drop"),
    path("case/reach/", reaching.reaching, name="reach"),
    path("case/letter/", posting.letter, name="letter"),
    path("case/letter/letter.pdf", posting.file, name="letter_file"),
    path("case/day.ics", mailbox.day, name="day"),
    path("case/consents/", mailbox.consents, name="consents"),
    path("case/withdraw/", ending.withdraw, name="withdraw"),
    path("case/leave/", mailbox.leave, name="leave"),
    path("exit/", views.leave_site, name="exit"),
    path("languages/", views.languages, name="languages"),
]
