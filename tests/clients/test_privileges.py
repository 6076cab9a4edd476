"""Who may do what, through Redfish and the native API: the table of roles, walked as a client."""

import pytest

from support.daemon import PASSWORD
from support.redfish import ACCOUNTS, SYSTEM

RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"
FAULTS = "/api/v1/servers/1/faults"
KEYS = "/api/v1/servers/1/keys"
NEWCOMER = {"UserName": "newcomer", "Password": PASSWORD, "RoleId": "ReadOnly"}
IDLE = {"SessionTimeout": 1800}

# Each: what is asked, and which of Administrator, Operator and ReadOnly may.
ASKED = [
    ("GET", SYSTEM, None, "AOR"),
    ("GET", "/redfish/v1/Chassis/1", None, "AOR"),
    ("GET", "/redfish/v1/Managers/1", None, "AOR"),
    ("GET", "/redfish/v1/TaskService/Tasks", None, "AOR"),
    ("GET", "/redfish/v1/AccountService", None, "AOR"),
    ("PATCH", SYSTEM, {"AssetTag": "x"}, "AO"),
    ("PATCH", SYSTEM, {"PowerRestorePolicy": "AlwaysOff"}, "AO"),
    ("PATCH", SYSTEM, {"LocationIndicatorActive": False}, "AO"),
    ("PATCH", SYSTEM, {"Boot": {"BootSourceOverrideEnabled": "Disabled"}}, "AO"),
    ("POST", RESET, {"ResetType": "ForceOff"}, "AO"),
    ("PATCH", "/redfish/v1/SessionService", IDLE, "A"),
    ("POST", ACCOUNTS, NEWCOMER, "A"),
    ("GET", KEYS, None, "AOR"),
    ("POST", KEYS, {"keys": [{"wait_ms": 0}]}, "AO"),
    ("GET", FAULTS, None, "A"),
    ("POST", FAULTS, {"kind": "no-signal"}, "A"),
    ("DELETE", FAULTS, None, "A"),
]


@pytest.fixture(scope="module")
def clients(demo):
    """A client of each role, by its first letter."""
    return {role[0]: demo.add_user(role.lower(), role)
            for role in ("Administrator", "Operator", "ReadOnly")}


@pytest.mark.parametrize("method, path, body, may", ASKED,
                         ids=[f"{m} {p.rsplit('/', 1)[1]} {b or ''}" for m, p, b, _ in ASKED])
def test_a_role_may_do_what_the_table_says(demo, clients, method, path, body, may):
    for role in "ROA":  # the least first: what it may not do must not have happened before
        before = all_that_can_change(demo.client())
        status = clients[role].status(method, path, body)
        if role in may:
            assert status < 300, (role, status)
        else:
            assert status == 403, (role, status)
            assert all_that_can_change(demo.client()) == before, role


def all_that_can_change(admin) -> list[dict]:
    """What the requests above change."""
    return [admin.get(path) for path in (SYSTEM, "/redfish/v1/SessionService", ACCOUNTS, FAULTS)]


def test_a_refusal_names_the_privilege_message(clients):
    error = clients["R"].send("PATCH", SYSTEM, {"AssetTag": "x"}).json()["error"]
    assert error["@Message.ExtendedInfo"][0]["MessageId"].endswith(".InsufficientPrivilege")


def test_everybody_changes_their_own_password_and_no_one_elses(demo, clients):
    admin = demo.client()
    own, other = admin.account("readonly"), admin.account("operator")
    reader = clients["R"]
    assert reader.status("PATCH", other, {"Password": "not-mine-to-set"}) in (403, 404)
    assert reader.status("PATCH", own, {"RoleId": "Administrator"}) == 403
    reader.change(own, {"Password": "a-new-secret"})
    reader.http.auth = ("readonly", "a-new-secret")
    assert reader.get(own)["UserName"] == "readonly"
    reader.change(own, {"Password": PASSWORD})
    reader.http.auth = ("readonly", PASSWORD)


def test_somebody_elses_account_is_not_shown_to_who_may_not_see_accounts(demo, clients):
    shown = [m["@odata.id"] for m in clients["R"].get(ACCOUNTS)["Members"]]
    assert shown == [demo.client().account("readonly")]


def test_the_last_administrator_stays(serve):
    bmc = serve()
    client = bmc.client()
    path = client.account("admin")
    for method, body in [("PATCH", {"RoleId": "Operator"}), ("PATCH", {"Enabled": False}),
                         ("DELETE", None)]:
        assert 400 <= client.status(method, path, body) < 500, (method, body)
    assert client.get(path)["RoleId"] == "Administrator"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Server-Addr"])
def test_no_header_lets_a_visitor_in(demo, header):
    value = "for=127.0.0.1" if header == "Forwarded" else "127.0.0.1"
    for path in (SYSTEM, FAULTS):
        assert demo.visitor().send("GET", path, **{header: value}).status_code == 401, path
