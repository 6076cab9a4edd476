"""The native API answers as `/openapi.json` says, whatever it is asked."""

import pytest

from support import settings
from support.console import A, tap
from support.openapi import Described
from support.redfish import ACCOUNTS
from support.viewer import Viewer
from support.waiting import until

SESSION, SERVER = "/api/v1/session", "/api/v1/servers/1"
FAULTS, KEYS, SCREEN = f"{SERVER}/faults", f"{SERVER}/keys", f"{SERVER}/screen.png"
MARKED = {"X-Outband": "1"}


@pytest.fixture
def api(serve):
    bmc = serve(settings.server("1"), settings.server("blind", parts=settings.off("display")))
    described = Described(bmc.visitor())
    described.bmc = bmc
    return described


def test_every_operation_answers_as_described(api, settled):
    bmc = api.bmc
    client, browser = bmc.client(), bmc.visitor()
    settled(client, "On")

    api.send(browser, "POST", SESSION, {"user": "admin", "password": bmc.password})
    api.send(browser, "GET", SESSION)
    api.send(browser, "PATCH", SESSION, {"password": "another one"}, **MARKED)
    client = bmc.client(password="another one")
    for fault in ({"kind": "slow-post", "factor": 3}, {"kind": "no-signal", "scope": {"times": 1}},
                  {"kind": "sensor-value", "sensor": "cpu-temp", "value": None, "scope": {"seed": 7}}):
        api.send(client, "POST", FAULTS, fault)
    faults = api.send(client, "GET", FAULTS).json()["faults"]
    assert len(faults) == 3
    api.send(client, "DELETE", f"{FAULTS}/{faults[0]['id']}")
    api.send(client, "DELETE", FAULTS)
    until(lambda: client.status("GET", SCREEN) == 200, "a picture")
    api.send(client, "GET", SCREEN)
    api.send(client, "GET", KEYS)
    api.send(client, "POST", KEYS, {"keys": [tap(A), {"wait_ms": 1}]})
    api.send(client, "GET", "/api/v1/servers")
    api.send(client, "POST", f"{SERVER}/power", {"action": "reset"})
    until(lambda: client.get(SERVER)["last_outcome"], "its end")
    api.send(client, "GET", SERVER)
    for path in ("/api/v1/events", f"{SERVER}/events"):
        api.send(client, "GET", path)
    with Viewer(bmc, password="another one", described=api) as viewer:
        viewer.say("watch")
        viewer.told("update")
        viewer.hold(A)
        viewer.told("people", holder=viewer.hello["seat"])
        viewer.say("give", to=99)
        viewer.told("refused")
    api.send(browser, "DELETE", SESSION, **MARKED)
    assert api.seen == api.operations()


def test_every_refusal_is_as_described(api):
    bmc = api.bmc
    admin, visitor = bmc.client(), bmc.visitor()
    reader = bmc.add_user("reader", "ReadOnly")
    must = {"UserName": "new", "Password": bmc.password, "RoleId": "Operator", "PasswordChangeRequired": True}
    admin.create(ACCOUNTS, must)
    new = bmc.client("new")
    wrong = {"user": "admin", "password": "not the password"}
    for client, method, path, body, status in (
            (visitor, "GET", SESSION, None, 401),
            (visitor, "POST", SESSION, wrong, 401),
            (visitor, "POST", SESSION, {"user": "admin"}, 400),
            (visitor, "POST", SESSION, {"user": "x" * 70_000, "password": "x"}, 413),
            (admin, "DELETE", SESSION, None, 404),
            (admin, "PATCH", SESSION, {"password": "short"}, 400),
            (visitor, "GET", FAULTS, None, 401),
            (reader, "GET", FAULTS, None, 403),
            (new, "GET", KEYS, None, 403),
            (admin, "POST", FAULTS, {"kind": "gremlins"}, 400),
            (admin, "POST", "/api/v1/servers/mars/faults", {"kind": "no-signal"}, 404),
            (admin, "POST", "/api/v1/servers/blind/faults", {"kind": "no-signal"}, 409),
            (admin, "GET", "/api/v1/servers/blind/screen.png", None, 404),
            (admin, "DELETE", f"{FAULTS}/99", None, 404),
            (admin, "GET", SCREEN, None, 503),
            (admin, "POST", KEYS, {"keys": [tap(A)]}, 503),
            (admin, "POST", KEYS, {"keys": []}, 400),
            (reader, "POST", KEYS, {"keys": [tap(A)]}, 403),
            (reader, "POST", f"{SERVER}/power", {"action": "on"}, 403),
            (admin, "POST", f"{SERVER}/power", {"action": "reset"}, 409),
            (admin, "POST", f"{SERVER}/power", {"action": "melt"}, 400),
            (admin, "GET", "/api/v1/servers/mars", None, 404),
            (admin, "GET", f"{SERVER}/ws", None, 426)):
        assert api.send(client, method, path, body).status_code == status, f"{method} {path} {body}"
    while (answer := api.send(visitor, "POST", SESSION, wrong)).status_code == 401:
        pass
    assert answer.status_code == 429
