"""A session lasts as long as what it rests on, and no second longer."""

import time

import pytest

from support import events, settings
from support.daemon import PASSWORD
from support.redfish import SESSIONS, SYSTEM, Redfish
from support.waiting import until

ENDS_WITHIN = 1.0


@pytest.fixture
def bmc(serve):
    return serve()


@pytest.fixture
def worker(bmc):
    """An Operator in a session, on one connection that stays open."""
    bmc.add_user("op", "Operator")
    client = Redfish(bmc.daemon.url, bmc.certificate)
    assert client.log_in("op", PASSWORD).status_code == 201
    assert client.status("GET", SYSTEM) == 200
    return client


# Each change of the account by an Administrator, and what it is called.
CHANGES = [("PATCH", {"Password": "a-new-secret"}), ("PATCH", {"RoleId": "ReadOnly"}),
           ("PATCH", {"Enabled": False}), ("DELETE", None)]


@pytest.mark.parametrize("method, body", CHANGES, ids=["password", "role", "disabled", "deleted"])
def test_a_session_ends_within_a_second_of_the_change(bmc, worker, method, body):
    admin = bmc.client()
    path = admin.account("op")
    assert admin.status(method, path, body) in (200, 204)
    changed = time.monotonic()
    until(lambda: worker.status("GET", SYSTEM) == 401, "the session has ended")
    assert time.monotonic() - changed < ENDS_WITHIN
    names = [admin.get(m["@odata.id"])["UserName"] for m in admin.get(SESSIONS)["Members"]]
    assert "op" not in names


def test_basic_with_the_old_password_ends_as_fast(bmc):
    user = bmc.add_user("op", "Operator")
    assert user.status("GET", SYSTEM) == 200  # now its verified password is remembered
    bmc.client().change(bmc.client().account("op"), {"Password": "a-new-secret"})
    assert user.status("GET", SYSTEM) == 401


def test_who_changes_the_own_password_stays_logged_in_here_and_nowhere_else(bmc, worker):
    elsewhere = Redfish(bmc.daemon.url, bmc.certificate)
    elsewhere.log_in("op", PASSWORD)
    worker.change(bmc.client().account("op"), {"Password": "a-new-secret"})
    assert worker.status("GET", SYSTEM) == 200
    assert elsewhere.status("GET", SYSTEM) == 401


def test_logging_out_ends_the_session(bmc, worker):
    (session,) = [m["@odata.id"] for m in worker.get(SESSIONS)["Members"]]
    assert worker.status("DELETE", session) in (200, 204)
    assert worker.status("GET", SYSTEM) == 401


def test_a_session_of_somebody_else_is_not_shown_and_not_ended_by_an_operator(bmc, worker):
    admin = Redfish(bmc.daemon.url, bmc.certificate)
    opened = admin.log_in("admin", PASSWORD).json()["@odata.id"]
    assert opened not in [m["@odata.id"] for m in worker.get(SESSIONS)["Members"]]
    assert worker.status("DELETE", opened) in (403, 404)
    assert admin.status("GET", SYSTEM) == 200


def test_a_token_is_not_shown_again_and_not_logged(bmc, worker):
    token = worker.http.headers["X-Auth-Token"]
    assert len(token) >= 22  # 128 bits in base64
    admin = bmc.client()
    for member in admin.get(SESSIONS)["Members"]:
        assert token not in admin.send("GET", member["@odata.id"]).text
    assert token not in bmc.daemon.said()
    for path in bmc.state.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path
    assert PASSWORD not in bmc.daemon.said()


def test_sessions_have_a_limit(serve):
    bmc = serve(base=settings.BASE + "[access]\nsessions_max = 2\n")
    opened = [bmc.visitor().log_in("admin", PASSWORD).status_code for _ in range(3)]
    assert opened[:2] == [201, 201]
    assert opened[2] == 503


def test_an_idle_session_ends_and_a_busy_one_when_its_time_is_up(serve):
    """The shortest idle time that Redfish allows is 30 s: this test waits for one, and a bit."""
    limits = '[access]\nsession_idle = "30s"\nsession_absolute = "35s"\n'
    bmc = serve(base=settings.BASE + limits)
    admin, idle, busy = bmc.client(), bmc.visitor(), bmc.visitor()
    assert admin.get("/redfish/v1/SessionService")["AbsoluteSessionTimeout"] == 35
    left = idle.log_in("admin", PASSWORD).json()["Id"]
    used = busy.log_in("admin", PASSWORD).json()["Id"]
    until(lambda: busy.status("GET", SYSTEM) == 401, "its time is up", limit=90)
    assert idle.status("GET", SYSTEM) == 401
    assert admin.get(SESSIONS)["Members"] == []
    ended = events.of_kind(bmc.state, "session-ended")
    assert {each["session"]: each["why"] for each in ended} == {left: "idle",
                                                                used: "its time was up"}
    assert busy.log_in("admin", PASSWORD).status_code == 201
