"""`POST /club/news`: what the console's form is sent to."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from realtime.rest.permissions import StaffWith
from realtime.rest.serializers import StrictSerializer
from realtime.rest.views import View
from tests.scenarios.club.services import news_publish, score_publish

RIGHT = "auth.change_group"


class MayTell(StaffWith):
    rights = (RIGHT,)


class NewsInput(StrictSerializer):
    headline = serializers.CharField(max_length=200)


class NewsView(View):
    """Tell the members of news, and begin the match anew."""

    permission_classes = (MayTell,)

    def post(self, request: Request) -> HttpResponse:
        news = NewsInput(data=request.data)
        news.is_valid(raise_exception=True)
        news_publish(**news.validated_data)
        score_publish(home=0, away=0)
        return HttpResponse(status=204)
