"""The addresses of faults and of what is done about them."""

from django.urls import path

from syncing.views import faults, remedies

urlpatterns = [
    path("a/<slug:slug>/faults/", faults.fault_list, name="faults"),
    path("a/<slug:slug>/faults/<int:fault_id>/", faults.fault_page, name="fault"),
    path("a/<slug:slug>/faults/<int:fault_id>/progress/<str:token>/", faults.progress, name="fault-progress"),
    path("a/<slug:slug>/faults/<int:fault_id>/resync/", faults.resync, name="fault-resync"),
    path("a/<slug:slug>/faults/<int:fault_id>/skip/", faults.skip, name="fault-skip"),
    path("a/<slug:slug>/faults/<int:fault_id>/ignore/", faults.ignore, name="fault-ignore"),
    path("a/<slug:slug>/faults/<int:fault_id>/currency/", remedies.add_currency, name="fault-currency"),
    path("a/<slug:slug>/faults/<int:fault_id>/contacts/", remedies.find_contacts, name="fault-contacts"),
    path("a/<slug:slug>/faults/<int:fault_id>/contact/", remedies.choose_contact, name="fault-contact"),
]
