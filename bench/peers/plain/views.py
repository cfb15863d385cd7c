from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.peers.plain import models, serializers


class HealthView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class MeView(RetrieveAPIView[Any]):
    serializer_class = serializers.UserSerializer

    def get_object(self) -> Any:
        return self.request.user


class AccountsView(ListAPIView[models.Account]):
    serializer_class = serializers.AccountSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[models.Account]:
        return accounts(self.request)


class TransactionsView(ListAPIView[models.Transaction]):
    serializer_class = serializers.TransactionSerializer

    def get_queryset(self) -> QuerySet[models.Transaction]:
        return transactions(self.request)


class NotificationsView(ListAPIView[models.Notification]):
    serializer_class = serializers.NotificationSerializer

    def get_queryset(self) -> QuerySet[models.Notification]:
        return notifications(self.request)


class SummaryView(APIView):
    def get(self, request: Request) -> Response:
        rows = notifications(request).filter(unexpired())

        def by(name: str) -> dict[str, int]:
            groups = rows.order_by().values(name).annotate(count=Count("id"))
            return {group[name]: group["count"] for group in groups}

        recent = rows.exclude(status="archived")[:5]
        statuses = by("status")
        return Response(
            {
                "total_notifications": sum(statuses.values()),
                "by_status": statuses,
                "by_type": by("type"),
                "by_priority": by("priority"),
                "unseen_count": rows.filter(status="unread", seen_at=None).count(),
                "recent_notifications": serializers.NotificationSerializer(recent, many=True).data,
            }
        )


class QuotesView(ListAPIView[models.Quote]):
    serializer_class = serializers.QuoteSerializer
    pagination_class = None
    queryset = (
        models.Quote._default_manager.filter(instrument__is_active=True)
        .select_related("instrument")
        .order_by("instrument__symbol")
    )


class SnapshotView(APIView):
    def get(self, request: Request) -> Response:
        unread = notifications(request).filter(unexpired(), status="unread")
        streams = models.Stream._default_manager.filter(
            name__in=[f"user:{request.user.pk}", "announcements"]
        )
        shown = models.Announcement._default_manager.filter(
            Q(ends_at=None) | Q(ends_at__gt=timezone.now()), published_at__isnull=False
        ).order_by("-published_at")

        def many(kind: Any, rows: Any) -> Any:
            return kind(rows, many=True).data

        return Response(
            {
                "positions": many(serializers.StreamSerializer, streams),
                "accounts": many(serializers.AccountSerializer, accounts(request)),
                "transactions": many(serializers.TransactionSerializer, transactions(request)[:20]),
                "notifications": many(serializers.NotificationSerializer, unread[:100]),
                "counts": unread.order_by().aggregate(
                    unread=Count("id"), unseen=Count("id", filter=Q(seen_at=None))
                ),
                "announcements": many(serializers.AnnouncementSerializer, shown),
                "timestamp": timezone.now(),
            }
        )


def accounts(request: Request) -> QuerySet[models.Account]:
    return models.Account._default_manager.filter(user=request.user.pk).order_by("id")


def transactions(request: Request) -> QuerySet[models.Transaction]:
    rows = models.Transaction._default_manager.filter(account__user=request.user.pk)
    return rows.select_related("account").order_by("-created_at", "-id")


def notifications(request: Request) -> QuerySet[models.Notification]:
    rows = models.Notification._default_manager.filter(
        user=request.user.pk, published_at__isnull=False
    )
    return rows.order_by("-id")


def unexpired() -> Q:
    return Q(expires_at=None) | Q(expires_at__gt=timezone.now())
