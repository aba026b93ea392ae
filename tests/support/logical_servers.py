"""A server whose changes can be followed: slots and publications can be made in its databases."""

from typing import TYPE_CHECKING

import pytest
from worlds import value

if TYPE_CHECKING:
    from conftest import TestServer


@pytest.fixture(scope="session")
def logical_server(server: "TestServer") -> "TestServer":
    """The tests' server, with ``wal_level = logical``: two databases of it do for the two sides of what is followed.

    Making a slot waits for every transaction on it that has written: leave none open. Dropping a database there takes
    its slots with it, and ends who reads from them. A server that a test may crash is a `devserver.Server` of its own.
    """
    if value(server.url, "SHOW wal_level") != "logical":
        pytest.skip("the server has another wal_level than logical")
    return server
