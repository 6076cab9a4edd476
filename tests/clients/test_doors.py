"""The doors themselves: each can be off, and who has no proof sees what is open alone."""

import socket
import ssl

import pytest

from support import settings
from support.daemon import PASSWORD
from support.doors import EVERY, NETWORK, every_door, listened, server
from support.faults import FAULTS
from support.looks import asked, fault, found, shown
from support.redfish import ACCOUNTS, CHASSIS, MANAGER, RESET, SESSIONS, SYSTEM
from support.waiting import HANG

REDIRECT = settings.with_service("http", 'listen = ["127.0.0.1:0"]', base=EVERY)


def speaks_tls(address: str) -> bool:
    """Whether a TLS handshake succeeds at an address."""
    host, port = address.rsplit(":", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, int(port)), timeout=HANG) as plain:
            context.wrap_socket(plain).close()
        return True
    except (ssl.SSLError, ConnectionError):
        return False


def test_each_door_that_is_on_is_bound_and_only_https_speaks_tls(wide):
    """The counter-proof for the doors themselves."""
    ready = wide(base=REDIRECT).daemon.ready
    assert set(ready) == {"https", "http", "redirect", "servers"}
    assert [speaks_tls(address) for address in ready["https"]] == [True, True]
    assert not speaks_tls(ready["http"][0])


@pytest.mark.parametrize("service, off, left", [
    ("https", "enabled = false", {"http"}),
    ("http", "enabled = false", {"https", "http"}),
    ("plain_http", "enabled = false", {"https", "redirect"}),
    ("plain_http", "", {"https", "redirect"}),  # off unless it was asked for
])
def test_a_door_that_is_off_is_not_bound_and_the_others_are(serve, service, off, left):
    base = settings.with_service(service, off, base=REDIRECT)
    # An address of a server's own is HTTPS, too: without HTTPS it is a mistake.
    daemon = serve(server() if "https" in left else settings.server(), base=base).daemon
    assert set(daemon.ready) - {"servers"} == left
    told = {address for door in left for address in daemon.ready[door]}
    assert listened(daemon.pid) == told
    assert any(map(speaks_tls, told)) == ("https" in left)


def test_a_redirect_serves_nothing(wide):
    bmc = wide(base=REDIRECT)
    client = bmc.client(at=f"http://{bmc.daemon.address('redirect')}")
    for path in ("/", "/redfish/v1/", SYSTEM, FAULTS.format("1")):
        answer = client.send("GET", path)
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"{bmc.daemon.url}{path}"


# What a visitor may read in any case, and what is an actor's alone.
OPEN = [asked("GET", path) for path in
        ("/redfish", "/redfish/v1", "/redfish/v1/", "/redfish/v1/odata", "/redfish/v1/$metadata")]
GUARDED = [asked("GET", path) for path in
           (SYSTEM, CHASSIS, MANAGER, "/redfish/v1/AccountService", "/redfish/v1/Systems", ACCOUNTS,
            SESSIONS, "/redfish/v1/TaskService", FAULTS.format("1"))]
GUARDED += [asked("POST", RESET, {"ResetType": "ForceOff"}),
            asked("PATCH", SYSTEM, {"AssetTag": "x"}), fault("no-signal")]
BANNER = "access is off: every visitor over HTTPS is an Administrator"


def refused(looks) -> dict:
    """What looks find for who has no proof."""
    return {name: 401 for name, _ in looks}


def test_with_access_a_visitor_sees_only_what_is_open(wide):
    bmc = wide()
    for name, visitor in every_door(bmc, user=None).items():
        assert found(visitor, OPEN) == shown(OPEN), name
        # Who reaches the socket is the daemon's own user or root, who may everything anyhow.
        if name in NETWORK:
            assert found(visitor, GUARDED) == refused(GUARDED), name
            assert bmc.client().get(SYSTEM)["AssetTag"] is None, name
        else:
            assert found(visitor, GUARDED) == shown(GUARDED), name
    assert BANNER not in bmc.daemon.said()


def test_without_access_every_visitor_over_https_is_an_administrator_and_is_told(wide):
    bmc = wide(base=settings.with_table("access", "enabled = false", base=EVERY))
    for name, visitor in every_door(bmc, user=None).items():
        assert found(visitor, OPEN) == shown(OPEN), name
        # Who asks in the clear has proof to show all the same.
        guarded = refused(GUARDED) if name == "http" else shown(GUARDED)
        assert found(visitor, GUARDED) == guarded, name
    assert BANNER in bmc.daemon.said()


def test_a_session_is_good_at_every_door_and_ends_at_all_of_them(wide):
    bmc = wide()
    bmc.add_user("op", "Operator")
    doors = every_door(bmc, user=None)
    assert doors["own"].log_in("op", PASSWORD).status_code == 201
    for name in NETWORK:
        doors[name].http.headers["X-Auth-Token"] = doors["own"].http.headers["X-Auth-Token"]

    def answers() -> dict[str, list[int]]:
        """What the bearer of the token is told: of a server, and of faults, no Operator's matter."""
        return {name: [doors[name].status("GET", path) for path in (SYSTEM, FAULTS.format("1"))]
                for name in NETWORK}

    assert answers() == {name: [200, 403] for name in NETWORK}
    bmc.client().change(bmc.client().account("op"), {"Password": "a-new-secret"})
    assert answers() == {name: [401, 401] for name in NETWORK}
