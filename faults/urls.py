"""The addresses of the help centre."""

from django.urls import path

from faults import views

urlpatterns = [
    path("help/", views.help_index, name="help"),
    path("help/faults/<slug:code>/", views.fault_article, name="help-fault"),
    path("help/<slug:slug>/", views.guide, name="help-guide"),
]
