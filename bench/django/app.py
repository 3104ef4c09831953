"""Peer of the bench: the list of sources by Django REST framework over PostgreSQL, which is what authentik is made of.

It is not authentik. That does more for each request (middleware, permissions of objects, sources as a part of a wider model),
so it is slower than this. `python3 app.py load FILE TOKEN` fills a new database with the sources of a JSON file;
gunicorn serves `application`. SOURCE_TYPES names a JSON file with the types, which authentik has in memory too.
"""

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "USER": "postgres",
            "NAME": "postgres",
            "CONN_MAX_AGE": None,  # One connection for good, as a deployment that cares for speed has it.
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework", "django_filters"],
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
)
django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.urls import path
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import authentication, exceptions, filters, generics, pagination, permissions, renderers, serializers
from rest_framework.response import Response

AUTHENTIK_URL = "https://authentik.example"
TYPES = {each["name"]: each for each in json.loads(Path(os.environ["SOURCE_TYPES"]).read_text())}


class OAuthSource(models.Model):
    pk_uuid = models.UUIDField(primary_key=True)
    name = models.TextField(db_index=True)
    slug = models.SlugField(unique=True)
    enabled = models.BooleanField()
    authentication_flow = models.UUIDField(null=True)
    enrollment_flow = models.UUIDField(null=True)
    policy_engine_mode = models.TextField()
    user_matching_mode = models.TextField()
    managed = models.TextField(null=True, unique=True)
    user_path_template = models.TextField()
    icon = models.TextField(null=True)
    provider_type = models.CharField(max_length=255)
    request_token_url = models.CharField(max_length=255, null=True)
    authorization_url = models.CharField(max_length=255, null=True)
    access_token_url = models.CharField(max_length=255, null=True)
    profile_url = models.CharField(max_length=255, null=True)
    consumer_key = models.TextField()
    additional_scopes = models.TextField()
    oidc_well_known_url = models.TextField()
    oidc_jwks_url = models.TextField()
    oidc_jwks = models.JSONField()

    class Meta:
        app_label = "bench"


class Token(models.Model):
    key = models.TextField(unique=True)

    is_authenticated = True

    class Meta:
        app_label = "bench"


class BearerAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request):
        _, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        token = Token.objects.filter(key=key).first()
        if token is None:
            raise exceptions.AuthenticationFailed("Token invalid/expired")
        return token, None


class Pagination(pagination.PageNumberPagination):
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000

    def get_paginated_response(self, data):
        page = self.page
        return Response(
            {
                "pagination": {
                    "next": page.next_page_number() if page.has_next() else 0,
                    "previous": page.previous_page_number() if page.has_previous() else 0,
                    "count": page.paginator.count,
                    "current": page.number,
                    "total_pages": page.paginator.num_pages,
                    "start_index": page.start_index(),
                    "end_index": page.end_index(),
                },
                "results": data,
            }
        )


class OAuthSourceSerializer(serializers.ModelSerializer):
    pk = serializers.UUIDField()
    component = serializers.ReadOnlyField(default="ak-source-oauth-form")
    verbose_name = serializers.ReadOnlyField(default="OAuth Source")
    verbose_name_plural = serializers.ReadOnlyField(default="OAuth Sources")
    meta_model_name = serializers.ReadOnlyField(default="authentik_sources_oauth.oauthsource")
    callback_url = serializers.SerializerMethodField()
    type = serializers.SerializerMethodField()

    class Meta:
        model = OAuthSource
        exclude = ["pk_uuid"]

    def get_callback_url(self, source):
        return f"{AUTHENTIK_URL}/source/oauth/callback/{source.slug}/"

    def get_type(self, source):
        return TYPES[source.provider_type]


class OAuthSourceList(generics.ListAPIView):
    queryset = OAuthSource.objects.all()
    serializer_class = OAuthSourceSerializer
    authentication_classes = [BearerAuthentication]
    permission_classes = [permissions.IsAuthenticated]
    renderer_classes = [renderers.JSONRenderer]
    pagination_class = Pagination
    filter_backends = [DjangoFilterBackend, filters.OrderingFilter, filters.SearchFilter]
    filterset_fields = ["name", "slug", "enabled", "provider_type", "consumer_key", "additional_scopes"]
    search_fields = ["name", "slug"]
    ordering = ["name", "pk"]


urlpatterns = [path("sources/oauth/", OAuthSourceList.as_view())]
application = get_wsgi_application()


def load(file, token):
    columns = {field.name for field in OAuthSource._meta.fields}
    with connection.schema_editor() as editor:
        editor.create_model(OAuthSource)
        editor.create_model(Token)
    Token.objects.create(key=token)
    OAuthSource.objects.bulk_create(
        OAuthSource(pk_uuid=each["pk"], **{name: value for name, value in each.items() if name in columns})
        for each in json.loads(Path(file).read_text())
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    load(*sys.argv[2:])
