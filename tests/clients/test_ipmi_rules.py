"""What IPMI must not do, whoever asks: privilege, and packets that are not as they should be."""

import time

import pytest

from support import events, ipmi, profile, rmcp
from support.faults import listed, set_fault
from support.rmcp import APP, CHASSIS, OK, PRIVILEGE
from support.waiting import until

STATUS, CONTROL, DEVICE_ID = (CHASSIS, 0x01), (CHASSIS, 0x02), (APP, 0x01)
POWER_UP, PULSE = b"\x01", b"\x04"


@pytest.fixture
def server(lan):
    return ipmi.Server(lan)


def test_a_user_level_session_does_not_control_the_power(server):
    server.settle("Off")
    seen = len(server.saw())
    for level in ("USER", "CALLBACK"):
        said = server.lan.ipmitool("-L", level, "power", "on").badly()
        assert "Set Chassis Power Control to Up/On failed: Insufficient privilege level" in said
    for suite in (3, 17):
        with rmcp.logged_in(server.bmc, suite=suite, level=rmcp.USER) as user:
            assert user.command(*STATUS)[0] == OK
            assert user.command(*CONTROL, POWER_UP) == (PRIVILEGE, b"")
            # It isn't raised beyond what the session was opened for.
    with rmcp.logged_in(server.bmc, role=rmcp.USER, level=rmcp.USER) as user:
        assert user.command(APP, 0x3B, bytes([rmcp.ADMINISTRATOR]))[0] == 0x80
        assert user.command(*CONTROL, POWER_UP) == (PRIVILEGE, b"")
    assert server.saw()[seen:] == [] and server.system("PowerState") == "Off"


def test_a_reader_reads_and_an_operator_operates_and_no_more(server):
    server.settle("Off")
    ipmi.add_user(server.bmc, "reader", "ReadOnly")
    ipmi.add_user(server.bmc, "worker", "Operator")
    seen = len(server.saw())
    reader = ipmi.Lan(server.lan.address, user="reader")
    assert "System Power" in reader.ipmitool("-L", "USER", "chassis", "status").well()
    assert "nsufficient privilege level" in reader.ipmitool("-L", "USER", "power", "on").badly()
    for level in ("OPERATOR", "ADMINISTRATOR"):
        assert "Unable to establish" in reader.ipmitool("-L", level, "power", "on").badly()
    worker = ipmi.Lan(server.lan.address, user="worker")
    key = ["raw", "0x06", "0x56", "0x01", "0x01", "0x01", *["0x41"] * 20]
    assert "nsufficient privilege level" in worker.ipmitool("-L", "OPERATOR", *key).badly()
    above = worker.ipmitool("-L", "ADMINISTRATOR", "power", "status").badly()
    assert "Unable to establish" in above
    assert server.saw()[seen:] == []
    worker.ipmitool("-L", "OPERATOR", "power", "on").well()
    server.await_power("On")
    # The administrator comes in without a key: none was set.
    assert "on" in server.ipmitool("power", "status")


def test_an_identical_packet_twice_gets_one_answer(server):
    server.settle("Off")
    seen = len(server.saw())
    with rmcp.logged_in(server.bmc) as session:
        for net_fn, command, data in ((*DEVICE_ID, b""), (*CONTROL, POWER_UP)):
            packet = session.seal(session.request(net_fn, command, data))
            session.socket.send(packet)
            assert session.answer()[1:3] == (command, OK)
            session.socket.send(packet)
            # What comes next answers what was sent next.
            assert session.command(*STATUS)[0] == OK
            assert session.answers_before_a_pong() == []
    server.await_sight(["power-on"], since=seen)
    assert server.saw()[seen:].count("power-button-down") == 1


def test_a_request_that_is_sent_again_is_answered_again_and_not_done_again(server):
    server.settle("On")
    seen = len(server.saw())

    def pulses() -> int:
        return server.saw()[seen:].count("nmi")

    with rmcp.logged_in(server.bmc) as session:
        request = session.request(*CONTROL, PULSE)
        answered = (request[4] >> 2, CONTROL[1], OK, b"")
        ended = len(events.of_kind(server.bmc.state, "ended"))
        for _ in range(3):  # each in a packet with a number of its own, as clients send it
            session.socket.send(session.seal(request))
        assert session.answer() == answered
        until(lambda: len(events.of_kind(server.bmc.state, "ended")) > ended, "the pulse's end")
        session.answers_before_a_pong()  # the others found it done, or still under way
        session.socket.send(session.seal(request))
        assert session.answer() == answered
        assert pulses() == 1
        assert session.command(*CONTROL, PULSE)[0] == OK  # another request is another pulse
        until(lambda: pulses() == 2, "another pulse")


@pytest.mark.parametrize("suite", [3, 17])
def test_a_packet_without_its_protection_gets_no_answer(server, suite):
    server.settle("Off")
    seen = len(server.saw())
    with rmcp.logged_in(server.bmc, suite=suite) as session:
        request = session.request(*CONTROL, POWER_UP)
        bare = [session.seal(request, authenticated=True, encrypted=False),
                session.seal(request, authenticated=False, encrypted=True),
                session.seal(request, authenticated=False, encrypted=False)]
        whole = session.seal(request)
        forged = [whole[:-1] + bytes([whole[-1] ^ 1]), whole[:40] + bytes([whole[40] ^ 1]) + whole[41:],
                  whole[:10] + bytes([whole[10] ^ 0x40]) + whole[11:], whole[:-4]]
        # And one that claims to be of the session in the framing of IPMI 1.5.
        old = (bytes([6, 0, 0xFF, 7, 0]) + (9).to_bytes(4, "little")
               + session.managed.to_bytes(4, "little") + bytes([len(request)]) + request)
        for packet in [*bare, *forged, old]:
            session.socket.send(packet)
        assert session.answers_before_a_pong() == []
        assert session.command(*STATUS)[0] == OK
    assert server.saw()[seen:] == [] and server.system("PowerState") == "Off"


def test_a_packet_far_out_of_the_window_gets_no_answer(lan):
    with rmcp.logged_in(lan) as session:
        request = session.request(*DEVICE_ID)
        for ahead in (17, 10_000):
            session.socket.send(session.seal(request, sequence=session.sequence + ahead))
        session.socket.send(session.seal(request, sequence=0))
        assert session.answers_before_a_pong() == []
        assert session.command(*DEVICE_ID)[0] == OK


def test_a_session_is_bound_to_its_peer(lan):
    with rmcp.logged_in(lan) as session, rmcp.console(lan) as thief:
        packet = session.seal(session.request(*DEVICE_ID))
        thief.socket.send(packet)
        assert thief.answers_before_a_pong() == session.answers_before_a_pong() == []
        session.socket.send(packet)
        assert session.answer()[2] == OK


def pinged(console, *tags: int) -> list[int]:
    """Sends presence pings and gives the tags of as many pongs as come before the last ping's own."""
    for tag in tags:
        console.socket.send(rmcp.ping(tag))
    seen = []
    while tags[-1] not in seen:
        seen.append(console.socket.recv(1024)[9])
    return seen


def test_datagrams_are_lost_and_late_where_a_fault_says_so(server):
    admin = server.redfish
    with rmcp.console(server.bmc) as console:
        assert pinged(console, 1, 2) == [1, 2]
        set_fault(admin, "lost-datagrams", scope={"times": 1})
        assert pinged(console, 3, 4) == [4]
        late = set_fault(admin, "late-datagrams", by_ms=60_000, scope={"times": 1})
        assert pinged(console, 5, 6) == [6]
        assert late.rsplit("/", 1)[1] not in [fault["id"] for fault in listed(admin)], "it struck once"
        set_fault(admin, "late-datagrams", by_ms=200, scope={"times": 1})
        console.socket.send(rmcp.ping(7))
        assert pinged(console, 8) == [8]
        assert console.socket.recv(1024)[9] == 7
    # Clients ask again, and bear it.
    lossy = set_fault(admin, "lost-datagrams", scope={"percent": 30, "seed": 1})
    assert "Chassis Power is" in server.ipmitool("power", "status")
    assert admin.status("DELETE", lossy) == 204


def test_off_is_answered_while_its_press_is_made_and_made_once(tmp_path, running):
    """A machine that goes off when its power button was held for six seconds, as its own journal has
    it."""
    slow = profile.write(tmp_path, forced_off_after="6s", long_press="6500ms")
    one = ipmi.own_address("1", keys=f'profile = "{slow}"')
    server = ipmi.Server(running(ipmi.serve(tmp_path, one)))
    server.settle("On")
    seen = len(server.saw())
    asked = time.monotonic()
    assert "Down/Off" in server.ipmitool("power", "off")
    took = time.monotonic() - asked
    assert server.saw()[seen:] in ([], ["power-button-down"]), "it answered after the press"
    assert took < 1
    assert "Power is on" in server.ipmitool("power", "status")
    server.await_power("Off")
    server.await_sight(["power-button-down", "power-off", "power-button-up"], since=seen)
    assert [name for name in server.saw()[seen:] if "button" in name] == [
        "power-button-down", "power-button-up"]
    (up,) = [entry for entry in server.bmc.journal()[seen:] if entry["saw"] == "power-button-up"]
    assert up["held_ms"] >= 6000
