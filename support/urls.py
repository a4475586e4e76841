"""The addresses where customers ask us."""

from django.urls import path

from support import views

urlpatterns = [path("a/<slug:slug>/support/", views.support_page, name="support")]
