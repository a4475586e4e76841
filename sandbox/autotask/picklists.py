"""The standard picklists of a new database, by entity and field: what the number in a record means.

Every database numbers its own; a client reads them from ``entityInformation/fields``. Only labour (1) and labour
adjustment (2) are known of ``billingItemType``, so the other numbers here are deliberately arbitrary.
"""

from __future__ import annotations

Picklist = dict[int, str]

LABOUR, LABOUR_ADJUSTMENT, CHARGE, RECURRING_SERVICE, BLOCK_PURCHASE, MILESTONE, EXPENSE = 1, 2, 31, 44, 52, 63, 71

STANDARD_PICKLISTS: dict[tuple[str, str], Picklist] = {
    ("BillingItems", "billingItemType"): {
        LABOUR: "Labor",
        LABOUR_ADJUSTMENT: "Labor Adjustment",
        CHARGE: "Charge",
        RECURRING_SERVICE: "Recurring Service",
        BLOCK_PURCHASE: "Block Purchase",
        MILESTONE: "Milestone",
        EXPENSE: "Expense",
    },
    ("BillingItems", "subType"): {
        LABOUR: "Labor",
        LABOUR_ADJUSTMENT: "Labor Adjustment",
        CHARGE: "Ticket Charge",
        RECURRING_SERVICE: "Service",
        RECURRING_SERVICE + 1: "Service Adjustment",
        BLOCK_PURCHASE: "Block Hours",
        MILESTONE: "Contract Milestone",
        EXPENSE: "Expense Item",
    },
    ("Invoices", "invoiceStatus"): {1: "Final", 2: "In Progress"},
    ("Companies", "companyType"): {1: "Customer", 2: "Lead", 3: "Prospect", 6: "Cancellation", 7: "Vendor"},
    ("Companies", "billToAddressToUse"): {1: "Use Company Address", 2: "Use Account Billing Address"},
    ("Companies", "territoryID"): {29682778: "North", 29682779: "South"},
    ("BillingCodes", "useType"): {
        1: "Work Type",
        2: "Expense Category",
        3: "Internal Allocation Code",
        4: "Material",
        5: "Recurring Contract Service",
        6: "Milestone",
    },
    ("BillingCodes", "billingCodeType"): {0: "Normal", 1: "System", 2: "Non-billable"},
    ("BillingCodes", "generalLedgerAccount"): {201: "Service income", 202: "Product income"},
    ("Contracts", "contractType"): {1: "Time & Materials", 3: "Fixed Price", 4: "Block Hours", 7: "Recurring Service"},
    ("Contracts", "status"): {0: "Inactive", 1: "Active"},
    ("Resources", "licenseType"): {1: "Professional", 7: "API User"},
}
