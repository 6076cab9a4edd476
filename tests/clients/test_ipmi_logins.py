"""Who gets an IPMI session, and who doesn't: suites, names, guesses, floods and changed accounts."""

import itertools
import threading

import pytest

from support import ipmi, rmcp
from support.daemon import PASSWORD
from support.redfish import SESSIONS, SYSTEM
from support.rmcp import APP, CHASSIS, OK, PRIVILEGE, Console, Refused
from support.waiting import until

STATUS, CONTROL, POWER_UP = (CHASSIS, 0x01), (CHASSIS, 0x02), b"\x01"
REFUSED_SUITES = sorted(set(rmcp.SUITES) - {3, 17})


@pytest.fixture
def own(tmp_path, running):
    """A BMC that a test has for itself."""
    return running(ipmi.serve(tmp_path, ipmi.own_address("1")))


@pytest.fixture
def server(lan):
    return ipmi.Server(lan)


@pytest.mark.parametrize("suite", REFUSED_SUITES)
def test_a_suite_without_its_full_protection_is_refused(lan, suite):
    with rmcp.console(lan) as guest:
        assert guest.open(suite) == rmcp.NO_SUCH_SUITE


@pytest.mark.parametrize("suite", ["0", "1", "2", "15", "16", "6", "7", "8"])
def test_ipmitool_with_the_right_password_is_refused_too(server, suite):
    said = server.lan.ipmitool("power", "status", flags=("-C", suite)).badly()
    assert "Chassis Power is" not in said
    assert "no matching cipher suite" in said


def test_algorithms_that_are_each_taken_are_not_taken_in_another_combination(lan):
    for triple in itertools.product((0, 1, 3), (0, 1, 4), (0, 1)):
        with rmcp.console(lan) as guest:
            known = triple in (rmcp.SUITES[3], rmcp.SUITES[17])
            assert guest.open_with(triple) == (OK if known else rmcp.NO_SUCH_SUITE), triple


def test_the_null_user_gets_nothing(server):
    for password in ("", PASSWORD):
        null = ipmi.Lan(server.lan.address, user="", password=password)
        assert "Unable to establish" in null.ipmitool("power", "status").badly()
        for suite in (3, 17):
            with rmcp.console(server.bmc) as guest, pytest.raises(Refused):
                guest.log_in("", password, suite)


def test_a_wrong_name_is_answered_as_a_wrong_password_is(own):
    refusals = []
    for name in ("admin", "nobody"):
        with rmcp.console(own) as guest, pytest.raises(Refused) as refused:
            guest.log_in(name, "wrong-secret")
        refusals.append(refused.value.args)
    assert refusals[0] == refusals[1]


@pytest.mark.parametrize("count", [64, 2000])
def test_half_open_sessions_of_its_own_address_do_not_keep_the_owner_out(server, count):
    with rmcp.console(server.bmc) as guest:
        for number in range(count):
            guest.own = number + 1
            guest.socket.send(rmcp.packet(rmcp.OPEN, 0, 0, guest.open_request(rmcp.SUITES[17])))
        for suite in (3, 17):
            rmcp.logged_in(server.bmc, suite=suite).socket.close()
        assert "Chassis Power is" in server.ipmitool("power", "status")


def test_half_open_sessions_that_keep_coming_do_not_either(server):
    stop = threading.Event()

    def flood() -> None:
        with Console(server.lan.address, "127.0.0.2") as guest:
            while not stop.is_set():
                guest.own += 1
                guest.socket.send(rmcp.packet(rmcp.OPEN, 0, 0, guest.open_request(rmcp.SUITES[17])))
                stop.wait(0.001)
    floods = [threading.Thread(target=flood) for _ in range(2)]
    for thread in floods:
        thread.start()
    try:
        for flags in ((), ("-C", "3"), ("-C", "17")):
            assert "Chassis Power is" in server.lan.ipmitool("power", "status", flags=flags).well()
    finally:
        stop.set()
        for thread in floods:
            thread.join()


CHANGES = {
    "removed": ("DELETE", None),
    "demoted": ("PATCH", {"RoleId": "ReadOnly"}),
    "disabled": ("PATCH", {"Enabled": False}),
    "given another password": ("PATCH", {"Password": "another-secret"}),
    "kept from IPMI": ("PATCH", {"AccountTypes": ["Redfish"]}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_account_that_is_changed_or_removed_ends_its_sessions(server, change):
    method, body = CHANGES[change]
    path = ipmi.add_user(server.bmc, "op", "Operator")
    seen = len(server.saw())
    try:
        with (rmcp.logged_in(server.bmc, "op", role=rmcp.OPERATOR) as session,
              rmcp.logged_in(server.bmc) as other):
            assert session.command(*STATUS)[0] == OK
            assert server.redfish.send(method, path, body).ok

            def is_over() -> bool:
                """Whether a command of the session stays without an answer; until then it is refused."""
                session.socket.send(session.seal(session.request(*CONTROL, POWER_UP)))
                answers = [session.read(sealed)[2] for sealed in session.answers_before_a_pong()]
                assert set(answers) <= {PRIVILEGE}, "it went on"
                return not answers
            until(is_over, "the session's end")
            assert other.command(*STATUS)[0] == OK, "others go on"
        assert server.saw()[seen:] == []
    finally:
        if method != "DELETE":
            assert server.redfish.send("DELETE", path).ok


def test_a_closed_session_is_over(lan):
    with rmcp.logged_in(lan) as session:
        id = session.managed.to_bytes(4, "little")
        assert session.command(APP, 0x3C, id) == (OK, b"")
        session.socket.send(session.seal(session.request(*STATUS)))
        assert session.answers_before_a_pong() == []


def guess(lan, source: str, password: str) -> int:
    """Tries a password by IPMI; gives the status of the refusal, or 0."""
    with rmcp.console(lan, source) as guest:
        try:
            guest.log_in("admin", password)
        except Refused as refused:
            return refused.args[0]
        return OK


def test_guesses_by_ipmi_make_redfish_wait(own):
    for number in range(11):
        assert guess(own, "127.0.0.2", f"wrong-{number}") == 0x0F
    # Each further failure doubles the wait, until a slow machine sees it too.
    client = own.client(source="127.0.0.2")
    until(lambda: (guess(own, "127.0.0.2", "wrong"), client.status("GET", SYSTEM))[1] == 429,
          "Redfish waits")
    until(lambda: guess(own, "127.0.0.2", "wrong") == rmcp.RESOURCES, "IPMI waits")
    # Nobody else waits.
    assert own.client(source="127.0.0.3").status("GET", SYSTEM) == 200
    assert guess(own, "127.0.0.3", PASSWORD) == OK
    until(lambda: guess(own, "127.0.0.2", PASSWORD) == OK, "the wait is over")


def test_guesses_by_redfish_make_ipmi_wait(own):
    guesser = own.client(source="127.0.0.2")
    guesser.http.auth = None
    for number in range(11):
        body = {"UserName": "admin", "Password": f"wrong-{number}"}
        assert guesser.status("POST", SESSIONS, body) == 401
    until(lambda: guess(own, "127.0.0.2", "wrong") == rmcp.RESOURCES, "IPMI waits")
    assert guess(own, "127.0.0.3", PASSWORD) == OK
    until(lambda: guess(own, "127.0.0.2", PASSWORD) == OK, "the wait is over")
