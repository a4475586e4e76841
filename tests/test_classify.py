"""Partners' texts lead to the codes of the catalogue, whatever their case, quotes and values."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.catalogue import KINDS, FaultKind, Partner, PartnerText, Subject
from faults.classify import classify_autotask, classify_xero, read
from faults.masking import mask
from faults.problems import NeedsPerson, NeedsReconnect, NeedsSupport, Transient

PAYMENT = "This document cannot be edited as it has a payment or credit note allocated to it."
STATUS = "Invoice not of valid status for modification"

XERO_TEXTS = [
    (PAYMENT, "document-locked-by-payment", ""),
    (STATUS, "invoice-not-modifiable", ""),
    ("Invoice # must be unique.", "duplicate-number", ""),
    ("Organisation is not subscribed to currency USD", "currency-not-subscribed", "USD"),
    ("The current organisation is not subscribed to currency 'EUR'.", "currency-not-subscribed", "EUR"),
    ("Email address must be valid.", "invalid-email", ""),
    ("Account code '200' is not a valid code for this document.", "account-code-invalid", "200"),
    (
        "Account code '200' has been archived, or has been deleted. Each line item must reference a valid account.",
        "account-code-invalid",
        "200",
    ),
    (
        "Account code '476' has been removed as it does not match a recognised account.",
        "account-code-invalid",
        "476",
    ),
    ("Account code '476' has been removed as it does not match an active account", "account-code-invalid", "476"),
    ("Account code must be specified", "account-code-invalid", ""),
    ("The account code or ID must be specified", "account-code-invalid", ""),
    (
        "The TaxType code GST on Income does not exist or cannot be used for this type of transaction.",
        "tax-rate-invalid",
        "GST on Income",
    ),
    ("The TaxType code 'OUTPUT' cannot be used with account code '400'.", "tax-rate-invalid", "OUTPUT"),
    ("The TaxType field is mandatory", "tax-rate-invalid", ""),
    ("Account must be valid.", "account-code-invalid", ""),
    ("Tax rate must be valid.", "tax-rate-invalid", ""),
    ("A Contact must be specified for this type of transaction", "no-valid-contact", ""),
    (
        (
            "The contact name O'Brien & Co. is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        ),
        "contact-name-taken",
        "O'Brien & Co.",
    ),
    (
        (
            "The contact with the specified contact details has been archived. "
            "The contact must be un-archived before creating new invoices or credit notes."
        ),
        "contact-archived",
        "",
    ),
    (
        (
            "The specified contact details matched an archived contact. "
            "Archived contacts cannot currently be edited via the API."
        ),
        "contact-archived",
        "",
    ),
    (
        (
            'The existing contact with name "A" cannot be updated to use new name "B". '
            "There is an existing contact with that name."
        ),
        "contact-name-taken",
        "B",
    ),
    (
        "Another contact has this contact number. Please enter a different contact number.",
        "contact-number-taken",
        "",
    ),
    ("The account number already exists, please enter a different account number", "contact-number-taken", ""),
    (
        "Additional people cannot be added when the primary person has no email address set.",
        "invalid-email",
        "",
    ),
    (
        "The document date cannot be before the period lock date, currently set at 31 December 2025",
        "period-locked",
        "2025-12-31",
    ),
    (
        "The document date cannot be before the end of year lock date, currently set at 03/04/2025",
        "period-locked",
        "03/04/2025",
    ),
    (
        "The document cannot be edited as it is currently dated before the end of year lock date",
        "period-locked",
        "",
    ),
    (
        "Date cannot be changed on an invoice that has payment or credit notes allocated to it.",
        "document-locked-by-payment",
        "",
    ),
    (
        (
            "The status AUTHORISED cannot be applied to the invoice "
            "because it has payment or Credit notes allocated to it."
        ),
        "document-locked-by-payment",
        "",
    ),
    ("Payment amount exceeds the amount outstanding on this document", "document-locked-by-payment", ""),
    ("Payments can only be made against Authorised documents.", "invoice-not-modifiable", ""),
    ("The invoice you are trying to allocate to has already been paid off", "document-locked-by-payment", ""),
    (
        "Credit Note cannot be allocated as amount is greater than amount outstanding",
        "document-locked-by-payment",
        "",
    ),
    ("The document with the supplied id was not found for this endpoint.", "invoice-not-modifiable", ""),
    ("Document could not be found", "invoice-not-modifiable", ""),
    (
        "An existing Credit Note with the specified CreditNoteID could not be found",
        "invoice-not-modifiable",
        "",
    ),
    ("Item Code is invalid.", "item-code-empty", ""),
    ("Price List Item with Code 'abc' already exists", "item-code-empty", "abc"),
]
OUR_MISTAKES = [
    "Invoice not of valid status for creation",
    (
        "The Contact must contain at least 1 of the following elements to identify the contact: "
        "Name, ContactID, ContactNumber"
    ),
    "The Total for this document must be greater than or equal to zero.",
    "The quantity value '-1.0000' is invalid. Quantity must not be less than zero.",
    "The discount rate '0.00' is invalid. Discount must not be greater than the line total.",
    "The line total 666.88 does not match the expected line total 666.93",
    "The description field is mandatory for each line item.",
    "One or more line items must be specified",
    "Discounts may not be applied to ACCPAY invoices.",
    "Account Code is too long. Maximum of 10 characters allowed",
    "Idempotency Key 1234:abcd is used with a different request.",
    "The string '2017-12-14 00:00:00' is not a valid AllXsd value.",
]
KNOWN_WITHOUT_A_KIND = [
    "Due date cannot be empty.",
    "The document DueDate field must be specified",
    "You have reached the limit of invoices you can approve",
]
AUTOTASK_ANSWERS = [
    (401, [], "autotask-login-refused", NeedsPerson),
    (500, ["Zone information could not be determined"], "autotask-login-refused", NeedsPerson),
    (500, ["Invalid integration code."], "autotask-login-refused", NeedsPerson),
    (
        500,
        ["The logged in Resource does not have the adequate permissions: invalid user name."],
        "autotask-login-refused",
        NeedsPerson,
    ),
    (403, [], "autotask-not-permitted", NeedsPerson),
    (500, ["You do not have permission to query this entity."], "autotask-not-permitted", NeedsPerson),
    (429, ["Too many requests"], "autotask-threshold", Transient),
    (500, ["Thread Threshold Exceeded. Itgenatr005"], "autotask-threshold", Transient),
    (500, ["Timeout expired. The timeout period elapsed."], "autotask-timeout", Transient),
    (408, [], "autotask-timeout", Transient),
    (504, [], "autotask-timeout", Transient),
    (500, [], "service-unavailable", Transient),
    (502, ["<html>Bad gateway</html>"], "service-unavailable", Transient),
    (503, ["HTTP Error 503. The service is unavailable."], "service-unavailable", Transient),
    (500, ["maxCountOfRecordsToReturn must be between 1 and 500"], "unexpected", NeedsSupport),
    (
        500,
        ["Reference value on field: contactID of type: Contact does not exist or is invalid."],
        "unexpected",
        NeedsSupport,
    ),
    (404, ["No HTTP resource was found"], "unexpected", NeedsSupport),
]

TEMPLATES = [(kind, text) for kind in KINDS.values() for text in kind.partner_texts]
every_template = pytest.mark.parametrize(("kind", "text"), TEMPLATES, ids=[text.template for _, text in TEMPLATES])


@pytest.mark.parametrize(("message", "code", "subject"), XERO_TEXTS)
def test_a_text_of_xero_leads_to_its_code_and_to_what_has_to_be_mended(message: str, code: str, subject: str) -> None:
    problem = classify_xero([message])

    assert (problem.code, problem.subject) == (code, subject)
    assert isinstance(problem, NeedsPerson)
    assert problem.detail == message
    assert not problem.unknown_texts


@pytest.mark.parametrize("message", OUR_MISTAKES)
def test_a_text_about_a_mistake_of_ours_is_for_support(message: str) -> None:
    problem = classify_xero([message])

    assert isinstance(problem, NeedsSupport)
    assert problem.code == "unexpected"
    assert not problem.unknown_texts


@pytest.mark.parametrize("message", KNOWN_WITHOUT_A_KIND)
def test_a_text_that_is_known_and_has_no_kind_is_quoted_and_not_counted(message: str) -> None:
    problem = classify_xero([message])

    assert (problem.code, problem.detail, problem.subject) == ("validation-refused", message, message)
    assert not problem.unknown_texts


@pytest.mark.parametrize(
    ("message", "problem_class", "code"),
    [
        ("TokenExpired: token expired at 09/24/2021 08:23:47", Transient, "access-token-expired"),
        ("AuthorizationUnsuccessful", NeedsReconnect, "xero-permission"),
        ("AuthenticationUnsuccessful", NeedsReconnect, "xero-disconnected"),
        ("invalid_grant", NeedsReconnect, "xero-disconnected"),
        ("HTTP Error 503. The service is unavailable.", Transient, "service-unavailable"),
        (
            "An unhandled error with the Xero API occurred. Contact the Xero API team if problems persist.",
            Transient,
            "service-unavailable",
        ),
    ],
)
def test_trouble_with_the_connection_is_about_xero_as_a_whole(message: str, problem_class: type, code: str) -> None:
    problem = classify_xero([message])

    assert (type(problem), problem.code, problem.subject) == (problem_class, code, "Xero")


@every_template
def test_each_text_of_the_catalogue_leads_to_its_own_kind(kind: FaultKind, text: PartnerText) -> None:
    message = filled(text.template)

    for variant in (message, message.upper(), f"  {message}. ", re.sub(r"\s", "\n ", message)):
        reading = read(text.partner, variant)
        assert reading is not None
        assert reading.kind == kind


@every_template
def test_quotes_of_any_style_round_a_value_are_no_part_of_it(kind: FaultKind, text: PartnerText) -> None:
    if "{subject}" not in text.template:
        return
    plain = filled(text.template, "ABC")
    for quoted in ("'ABC'", '"ABC"', "“ABC”", "‘ABC’"):
        reading = read(text.partner, plain.replace("ABC", quoted))
        assert reading is not None
        assert (reading.kind, reading.values["subject"]) == (kind, "ABC")


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 .&'()/-]{0,40}[A-Za-z0-9]", fullmatch=True))
def test_the_name_in_a_text_comes_out_as_it_went_in(name: str) -> None:
    text = (
        f"the contact name '{name}' is already assigned to another contact.  "
        "The contact name must be unique across all active contacts"
    )
    problem = classify_xero([text])

    assert (problem.code, problem.subject) == ("contact-name-taken", name)


def test_payment_counts_more_than_status_where_xero_tells_both() -> None:
    for messages in ([STATUS, PAYMENT], [PAYMENT, STATUS]):
        problem = classify_xero(messages)
        assert problem.code == "document-locked-by-payment"
        assert set(problem.detail.splitlines()) == {STATUS, PAYMENT}


def test_a_known_text_counts_more_than_an_unknown_one_which_is_still_told() -> None:
    problem = classify_xero(["The sky is too low.", "Email address must be valid."])

    assert problem.code == "invalid-email"
    assert "The sky is too low." in problem.detail
    assert problem.unknown_texts == [("xero", "The sky is too low")]


def test_an_unknown_text_is_quoted_word_for_word_and_becomes_the_subject() -> None:
    message = "The Tracking option 'North' could not be found for Acme Ltd, invoice INV-0042."
    problem = classify_xero(["A validation exception occurred", message])

    assert isinstance(problem, NeedsPerson)
    assert (problem.code, problem.detail, problem.subject) == ("validation-refused", message, message)
    assert problem.unknown_texts == [("xero", "The Tracking option … could not be found for … invoice …")]


def test_no_reason_at_all_is_still_a_problem() -> None:
    problem = classify_xero([])
    assert (problem.code, problem.detail) == ("validation-refused", "Xero gave no reason.")
    assert classify_xero(["A validation exception occurred"]).detail == "A validation exception occurred"


def test_what_is_at_hand_fills_in_for_what_the_text_does_not_name() -> None:
    at_hand = {Subject.NUMBER: "INV-7", Subject.CONTACT: "Acme"}

    assert classify_xero(["Email address must be valid."], subjects=at_hand).subject == "Acme"
    assert classify_xero([PAYMENT], subjects=at_hand).subject == "INV-7"
    assert (
        classify_xero(["Account code '200' is not a valid code for this document."], subjects=at_hand).subject == "200"
    )


def test_other_values_of_the_text_are_evidence() -> None:
    message = "The TaxType code 'OUTPUT' cannot be used with account code '400'."
    assert classify_xero([message]).evidence == {"account_code": "400", "messages": [message]}


@pytest.mark.parametrize(("status", "errors", "code", "problem_class"), AUTOTASK_ANSWERS)
def test_an_answer_of_autotask_leads_to_its_code(
    status: int, errors: list[str], code: str, problem_class: type
) -> None:
    problem = classify_autotask(status, errors)

    assert (problem.code, type(problem)) == (code, problem_class)
    assert problem.evidence["status"] == status
    assert code == "unexpected" or problem.subject == "Autotask"


def test_an_unknown_text_of_autotask_is_for_support_and_is_counted() -> None:
    problem = classify_autotask(500, ["The frobnicator of Acme Ltd is 12 short"])

    assert isinstance(problem, NeedsSupport)
    assert problem.unknown_texts == [("autotask", "The frobnicator of … is … short")]


def test_autotask_says_how_long_to_wait() -> None:
    assert classify_autotask(429, retry_after=60).retry_after == 60


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Line 3: amount 12.50 is too high.", "Line … amount … is too high"),
        ('The contact jo@example.com of "Jo\'s Bar" is closed', "The contact … of … is closed"),
        ("Invoice 5f9c2d1e-aaaa-bbbb-cccc-0123456789ab is gone", "Invoice … is gone"),
        ("You can't use that", "You can't use that"),
        ("", ""),
    ],
)
def test_values_are_left_out_of_what_is_counted(text: str, masked: str) -> None:
    assert mask(text) == masked


@given(st.lists(st.text(max_size=300), max_size=4), st.one_of(st.none(), st.integers(100, 599)))
def test_no_answer_breaks_the_classification(texts: list[str], status: int | None) -> None:
    assert classify_xero(texts).code in KINDS
    assert classify_autotask(status, texts).code in KINDS


def test_a_text_of_any_length_is_read_in_no_time() -> None:
    problem = classify_xero(["The contact name " + "a' " * 2_000_000])
    assert problem.code == "validation-refused"
    assert len(problem.subject) <= 200


def test_each_partner_has_texts() -> None:
    assert {text.partner for _, text in TEMPLATES} == set(Partner)


def filled(template: str, value: str = "ABC") -> str:
    return re.sub(r"\{\w+\}", value, template)
