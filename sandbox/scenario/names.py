"""Who the demo's managed service provider bills, and for what: the words of the month of billing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

HOME = ("NZD", "NZ", "New Zealand", "Auckland")
AUSTRALIA = ("AUD", "AU", "Export", "Sydney")
BRITAIN = ("GBP", "GB", "Export", "London")
AMERICA = ("USD", "US", "Export", "Seattle")

NEW_ZEALAND_COMPANIES = (
    "Anchor Bay Accountants", "Ashburn Dairy Co-op", "Avon River Physio", "Beachcomber Motels",
    "Bluff Oyster Company", "Bridle Path Vets", "Canterbury Seed & Grain", "Cathedral Square Dental",
    "Coromandel Charters", "Coast Road Cycles", "Dunstan Orchards", "Eastern Bays School Trust", "Fernleaf Legal",
    "Fiordland Freight", "Foxton Flax Mills", "Garden City Glazing", "Greenstone Jewellers",
    "Harbour Light Hospice", "Hauraki Health Group", "Hawke's Bay Hops", "Island Line Ferries",
    "Kauri Grove Lawyers", "Kererū Café & Roastery", "Lakeside Lodge", "Lambton Quay Architects",
    "Long White Cloud Tours", "Mackenzie Merino", "Māori Arts Collective", "Marlborough Vintners",
    "Mount Eden Montessori", "Nelson Netting", "Northcote Newsagents", "Old Mill Bakery", "Ōtautahi Press",
    "Ponsonby Property Partners", "Queen Street Opticians", "Rangitoto Radiology", "Ridgeline Surveyors",
    "Rimu Recruitment", "Sandstone Structures", "Silver Fern Saddlery", "Southern Cross Spares",
    "Stewart Island Salmon", "Taupō Timber Frames", "Te Awa Engineering", "Three Kings Theatre", "Tōtara Trust",
    "Vineyard View Catering", "Waikato Wool Brokers", "Westport Welding",
)  # fmt: skip
AUSTRALIAN_COMPANIES = (
    "Banksia Building Supplies", "Bondi Beach Bistro", "Coolabah Consulting", "Jacaranda Journals",
    "Kookaburra Kitchens", "Lorikeet Logistics", "Waratah Winemakers", "Wattle Street Wealth",
)  # fmt: skip
BRITISH_COMPANIES = (
    "Bramble & Thorne Solicitors", "Cotswold Cider Works", "Harrow Hill Hotels", "Pennine Publishing",
    "Thames Tidal Energy", "Wexley Wealth Management",
)  # fmt: skip
SOUTHERN_COMPANIES = ("Aurora Apiaries", "Catlins Carpentry", "Oamaru Opticians")
"""Whom the second, smaller provider bills."""
WRITTEN_OTHERWISE = ("مؤسسة النور للتجارة", "Café Zoë ☕ Ltd")
"""Names that a right-to-left script or an emoji brings."""

PEOPLE = (
    "Aroha Ngata", "Ben Carter", "Chloe Singh", "Daniel Wong", "Eru Parata", "Fiona McKay", "Grace Tamihere",
    "Hugo Larsen", "Isla Brown", "Jack Faleolo", "Kiri Walker", "Liam O'Neill", "Mere Hohepa", "Noah Patel",
    "Olivia Chen", "Priya Nair",
)  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """Something that is billed: its name, billing code, unit price and how it is counted."""

    name: str
    code: str
    rate: Decimal
    description: str


def _offer(name: str, code: str, rate: str, description: str) -> Offer:
    return Offer(name, code, Decimal(rate), description)


PER_SEAT = (
    _offer("Managed workstation", "Managed Services", "45.00", "Monitoring, patching and support for each workstation"),
    _offer("Microsoft 365 Business Premium", "Cloud Licences", "37.4150", "Monthly licence, annual commitment"),
    _offer("Endpoint detection and response", "Security Services", "9.8750", "Protection and response, per device"),
)
PER_SITE = (
    _offer("Managed server", "Managed Services", "185.00", "Monitoring and maintenance of one server"),
    _offer("Managed firewall", "Security Services", "95.00", "Firewall with updates and log review"),
    _offer("Off-site backup, 1 TB", "Backup & Recovery", "79.90", "Daily backup, kept for 90 days"),
    _offer("Business broadband", "Cloud Licences", "129.00", "Fibre Max with fixed address"),
)
LABOUR = (
    _offer("Remote support", "Remote Support", "135.00", "Reset passwords and mail rules for new staff"),
    _offer("Remote support, after hours", "Remote Support", "202.50", "Restored a shared folder from backup"),
    _offer("On-site support", "On-site Support", "165.00", "Replaced a switch and re-patched the cabinet"),
    _offer("Senior engineer", "Project Work", "185.00", "Moved the file server to SharePoint"),
)
GOODS = (
    _offer("Laptop 14″, i7, 32 GB", "Hardware", "2399.00", "With three-year next-day warranty"),
    _offer("Docking station USB-C", "Hardware", "389.00", "Dual display"),
    _offer("Monitor 27″ QHD", "Hardware", "549.00", "Height-adjustable"),
    _offer("Access point Wi-Fi 7", "Hardware", "618.75", "Ceiling mount, licensed for five years"),
    _offer("Travel", "Travel", "1.04", "Kilometres to site"),
)
PROJECTS = (
    _offer("Milestone: design signed off", "Project Milestone", "3200.00", "First part of the agreed price"),
    _offer("Milestone: cut-over done", "Project Milestone", "4800.00", "Second part of the agreed price"),
    _offer("Block of 10 hours", "Block Hours", "1250.00", "Prepaid support, valid for twelve months"),
)
