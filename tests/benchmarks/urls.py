"""The product's pages and the yardstick A."""

from django.http import HttpResponse
from django.urls import path

from config.urls import *  # noqa: F403
from config.urls import urlpatterns as pages
from office.access import may, public


@may("office.home")
def yardstick(request):
    return HttpResponse(b"ok")


@public
def plain(request):
    return HttpResponse(b"ok")


urlpatterns = [*pages, path("yardstick", yardstick), path("plain", plain)]
