from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.connected import ConnectedAccount
    from tests.mission.bookkeeper import Bookkeeper


@pytest.fixture
def bookkeeper(connected: "ConnectedAccount") -> "Bookkeeper":
    from tests.api import Api
    from tests.mission.bookkeeper import Bookkeeper

    return Bookkeeper(connected, Api(connected.account))
