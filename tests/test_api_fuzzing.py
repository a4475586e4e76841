"""Whatever is sent to the API, it answers as its description says, and never with a mistake of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from pytest_django import Settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cloud_depot.wsgi import application
from faults.models import Fault
from syncing.models import Document, Preview, SyncRun
from tenants.scope import account_scope
from tests.api import Api, description, make_document, make_fault
from tests.factories import make_account

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
SCHEMA = schemathesis.openapi.from_dict(description())
SCHEMA.app = application
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in SCHEMA.get_all_operations())}


@pytest.fixture(autouse=True)
def _requests_leave_the_connection_alone() -> Iterator[None]:
    """As those of Django's test client do, so that they stay in the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def api(db: None, settings: Settings) -> Api:
    """A token of an account that has one of everything. Nobody answers for Autotask."""
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    settings.AUTOTASK_ZONE_URL = "http://127.0.0.1:1"
    api = Api(make_account())
    make_fault(api.account, make_document(api.account))
    with account_scope(api.account.id):
        SyncRun.objects.create(state=SyncRun.State.FINISHED, trigger=SyncRun.Trigger.PERSON)
        Preview.objects.create(state=Preview.State.FINISHED, documents=[])
    return api


def ids_of(api: Api) -> dict[str, int]:
    """What is there, by the names that addresses give it."""
    models = {"document_id": Document, "fault_id": Fault, "sync_id": SyncRun, "preview_id": Preview}
    with account_scope(api.account.id):
        return {name: model._default_manager.values_list("id", flat=True)[0] for name, model in models.items()}


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_described(label: str, api: Api) -> None:
    """Requests as the description has them, and ones that it forbids; to what is there, and to what is not."""
    ids, headers = ids_of(api), {"Authorization": f"Token {api.secret}"}
    asked = 0

    @examples(
        max_examples=6,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), is_there=st.booleans())
    def ask(mode: GenerationMode, data: st.DataObject, is_there: bool) -> None:
        nonlocal asked
        case: Case = data.draw(OPERATIONS[label].as_strategy(generation_mode=mode))
        if is_there and case.path_parameters:
            case.path_parameters = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
        case.validate_response(case.call(headers=headers), checks=CHECKS)
        asked += 1

    ask(GenerationMode.POSITIVE)
    try:
        ask(GenerationMode.NEGATIVE)
    except Unsatisfiable:
        assert "{" not in label  # nothing can be wrong about a request without a parameter
    assert asked
