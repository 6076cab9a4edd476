"""Screen and keyboard of a simulated server, through the native API."""

import socket
import ssl
import threading

import pytest

from support import console, events, settings
from support.console import Console, down, tap, up
from support.faults import set_fault
from support.waiting import until


@pytest.fixture
def bmc(serve):
    return serve()


def held(bmc) -> list[list[int]]:
    """What the machine saw of its keyboard: which keys were held, one after the other."""
    return [entry["held"] for entry in bmc.journal() if entry["saw"] == "key"]


def test_keys_lead_from_the_self_test_through_the_set_up(bmc):
    client = bmc.client()
    screen = Console(client)
    set_fault(client, kind="slow-post", factor=3)
    client.reset("On")
    client.await_power("On")
    splash = screen.picture()  # the maker's picture
    assert splash.size == (1024, 768) and splash.lit() > 10_000
    screen.type(tap(console.DELETE))
    until(lambda: screen.picture().size == (720, 400), "the set-up is on the screen")
    before = screen.picture()
    screen.type(tap(console.RIGHT))
    after = until(lambda: (now := screen.picture()) != before and now, "another page")
    left, top, right, bottom = after.differs(before)
    assert (right - left, bottom - top) != before.size, "the frame stays as it is"
    screen.type(tap(console.MINUS), tap(console.F10), tap(console.ENTER))
    order = until(lambda: [e["order"] for e in bmc.journal() if e["saw"] == "boot-order"], "saved")
    assert order[-1][:2] == ["cd", "hdd"]


def test_a_list_arrives_as_it_is_written_and_leaves_nothing_down(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    Console(client).type(down(console.LEFT_SHIFT), tap(console.A, console.B),
                         up(console.LEFT_SHIFT), {"wait_ms": 10}, tap(console.A))
    shift = [console.LEFT_SHIFT]
    assert held(bmc) == [shift, [console.A, console.B, *shift], shift, [], [console.A], []]


def test_what_is_typed_is_on_the_screen(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    screen = Console(client)
    before = until(lambda: screen.picture(), "a picture")
    screen.type(*[tap(console.A)] * 8)
    # A cursor that blinks is a letter wide; eight letters are more.
    until(lambda: (box := screen.picture().differs(before)) and box[2] - box[0] >= 7 * 8,
          "eight letters")


def test_the_lights_come_back(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    screen = Console(client)
    assert screen.leds()["caps"] is False
    screen.type(tap(console.CAPS_LOCK))
    until(lambda: screen.leds()["caps"], "caps lock is lit")
    screen.type(tap(console.CAPS_LOCK))
    until(lambda: not screen.leds()["caps"], "caps lock is dark")


def test_who_vanishes_holds_nothing_any_more(bmc, settled):
    settled(bmc.client(), "On")
    body = b'{"keys":[{"usage":4,"down":true},{"wait_ms":10000},{"tap":[5]},{"usage":4,"down":false}]}'
    session = bmc.client()
    assert session.log_in("admin", bmc.password).status_code == 201
    token = session.http.headers["X-Auth-Token"]
    host, port = bmc.daemon.address().rsplit(":", 1)
    context = ssl.create_default_context(cafile=bmc.certificate)
    with context.wrap_socket(socket.create_connection((host, int(port))), server_hostname=host) as s:
        s.sendall(f"POST /api/v1/servers/1/keys HTTP/1.1\r\nHost: {host}\r\nX-Auth-Token: {token}\r\n"
                  "Content-Type: application/json\r\n"
                  f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        until(lambda: held(bmc) == [[console.A]], "the key is down")
    until(lambda: held(bmc)[-1] == [], "the key is up")
    assert held(bmc) == [[console.A], []], "the rest was not typed"


def test_an_ended_session_holds_nothing_any_more(bmc, settled):
    settled(bmc.client(), "On")
    session = bmc.client()
    opened = session.log_in("admin", bmc.password)
    answers = []
    batch = {"keys": [down(console.A), {"wait_ms": 10_000}, tap(console.B), up(console.A)]}
    typing = threading.Thread(target=lambda: answers.append(
        session.send("POST", "/api/v1/servers/1/keys", batch).status_code))
    typing.start()
    until(lambda: held(bmc) == [[console.A]], "the key is down")
    assert bmc.client().status("DELETE", opened.headers["Location"]) < 300
    typing.join()
    assert answers == [401]
    assert held(bmc) == [[console.A], []], "the rest was not typed"


def test_without_a_picture_the_reason_is_told(bmc, settled):
    client = bmc.client()
    screen = Console(client)
    assert screen.no_picture() == (503, "off")
    assert screen.refusal("POST", screen.keys, {"keys": [tap(console.A)]}) == (503, "off")
    settled(client, "On")
    screen.picture()
    set_fault(client, kind="no-signal")
    until(lambda: client.status("GET", screen.screen) == 503, "no signal")
    assert screen.no_picture() == (503, "no-signal")


def test_without_a_screen_or_a_keyboard_there_is_none(serve):
    bare = Console(serve(settings.server(parts=settings.off("display", "input"))).client())
    assert bare.no_picture() == (404, "not-found")
    assert bare.refusal("GET", bare.keys) == (404, "not-found")
    assert bare.refusal("POST", bare.keys, {"keys": [tap(console.A)]}) == (404, "not-found")
    nowhere = Console(bare.client, "2")
    assert nowhere.no_picture() == (404, "not-found")


def test_who_may_only_look_sees_the_screen_and_types_nothing(bmc, settled):
    settled(bmc.client(), "On")
    reader = Console(bmc.add_user("reader", "ReadOnly"))
    assert reader.picture().lit()
    assert reader.leds()["caps"] is False
    # Refused before anything is said about the body.
    for body in ({"keys": [tap(console.A)]}, {"no": "keys"}):
        assert reader.refusal("POST", reader.keys, body) == (403, "forbidden")
    assert held(bmc) == []
    refused = [e for e in events.read(bmc.state) if e["kind"]["is"] == "refused"]
    assert refused and refused[-1]["kind"]["command"] == "use of the keyboard"


def test_the_log_says_who_typed_and_not_what(bmc, settled):
    settled(bmc.client(), "On")
    typist = Console(bmc.add_user("typist", "Operator"))
    for _ in range(3):
        typist.type(tap(console.A))
    uses = [e for e in events.read(bmc.state) if e["kind"].get("command") == "use of the keyboard"]
    assert [(e["kind"]["is"], e["actor"]["name"]) for e in uses] == [("accepted", "typist")]


A = [tap(console.A)]


@pytest.mark.parametrize("keys, place", [
    ([], "keys:"), (A * 257, "keys:"), ("a", "keys:"), ([4], "keys[0]"),
    ([{}], "keys[0]"), ([*A, {"usage": 4}], "keys[1]"), ([{"down": True}], "keys[0]"),
    ([{"usage": 4, "down": "yes"}], "keys[0].down"), ([{"usage": 4.5, "down": True}], "keys[0].usage"),
    ([{"usage": 3, "down": True}], "keys[0]"), ([{"usage": 232, "down": True}], "keys[0]"),
    ([down(4)], "keys[0]"), ([up(4)], "keys[0]"), ([down(4), down(4), up(4)], "keys[1]"),
    ([tap()], "keys[0]"), ([tap(4, 4)], "keys[0]"), ([tap(*range(4, 11))], "keys[0]"),
    ([{"wait_ms": 10_001}], "keys[0]"), ([{"wait_ms": 6000}] * 2, "keys[1]"),
    ([{"wait_ms": -1}], "keys[0].wait_ms"), ([{"tap": [4], "hold": 1}], "keys[0]"),
    ([*A, {"tap": [4], "down": True}], "keys[1]"),
])
def test_a_list_that_is_wrong_is_refused_by_its_place(demo, keys, place):
    answer = demo.client().send("POST", "/api/v1/servers/1/keys", {"keys": keys})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
    assert answer.json()["error"]["message"].startswith(place), answer.text


@pytest.mark.parametrize("method, path, allow", [
    ("PUT", "keys", "GET, POST"), ("POST", "screen.png", "GET")])
def test_other_methods_are_refused(demo, method, path, allow):
    answer = demo.client().send(method, f"/api/v1/servers/1/{path}", {})
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
