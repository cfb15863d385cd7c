"""The paths of the demo, which answer 404 unless it runs."""

from __future__ import annotations

from django.urls import path

from hoardrun.demo.views import PATH, PhoneView, mail

urlpatterns = [
    path(PATH.removeprefix("/"), PhoneView.as_view()),
    path(f"{PATH.removeprefix('/')}/mails/<str:name>", mail),
]
