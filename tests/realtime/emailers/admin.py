from __future__ import annotations

from django.contrib import admin

from tests.realtime.emailers.models import EmailUser


@admin.register(EmailUser)
class EmailUserAdmin(admin.ModelAdmin):
    search_fields = ("email",)
