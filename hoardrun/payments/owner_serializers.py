"""The shapes of what customers are offered, and of what they do with their payments."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from realtime.rest.serializers import StrictSerializer


class MethodsQuery(StrictSerializer):
    language = serializers.CharField(
        max_length=20,
        required=False,
        help_text="Of the words in the answer, such as `sw`; else the one that is chosen.",
    )


class MethodOutput(serializers.Serializer[Any]):
    provider = serializers.CharField(help_text="The gateway, as a payment names it.")
    wallet = serializers.CharField(help_text="Whose wallet it reaches; empty: one of several.")
    kinds = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="The currencies that are set up, by `collect` and `payout`.",
    )
    decimals = serializers.DictField(
        child=serializers.IntegerField(), help_text="That an amount may have, by currency."
    )
    prompt_seconds = serializers.IntegerField(help_text="For which a phone asks for the PIN.")
    needs_network = serializers.BooleanField(help_text="True: a payment has to name its `network`.")


class MethodsOutput(serializers.Serializer[Any]):
    language = serializers.CharField(help_text="The language of the words.")
    providers = MethodOutput(many=True)
    stages = serializers.DictField(
        child=serializers.CharField(),
        help_text="The words of each stage. `{number}` and `{provider}` stand for those.",
    )
    reasons = serializers.DictField(
        child=serializers.CharField(),
        help_text="The words of reasons by their codes; `reviewed` are those of any other.",
    )
