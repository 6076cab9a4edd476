"""Viewers at a server's console, by the WebSocket: what they see is what the screen's picture shows,
and what they hold is what the machine saw."""

import os
import signal

import pytest
from websockets.exceptions import InvalidStatus

from support import console
from support.console import Console
from support.viewer import Viewer
from support.waiting import until


@pytest.fixture
def bmc(serve):
    return serve()


def held(bmc) -> list[list[int]]:
    """What the machine saw of its keyboard: which keys were held, one after the other."""
    return [entry["held"] for entry in bmc.journal() if entry["saw"] == "key"]


def shows(viewer: Viewer, screen: Console) -> bool:
    """Whether a viewer's picture is the screen's; while a cursor blinks it may take another look."""
    try:
        while True:
            viewer.next(timeout=0.1)
    except TimeoutError:
        pass
    return screen.picture().rows == viewer.rows


def test_a_viewer_sees_what_the_screen_shows_and_pays_for_what_changes(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    screen = Console(client)
    with Viewer(bmc) as viewer:
        viewer.say("watch")
        viewer.told("picture", state="live")
        until(lambda: shows(viewer, screen), "the same picture")
        whole = sum(viewer.sizes)
        viewer.sizes.clear()
        viewer.hold(console.A)
        viewer.hold()
        until(lambda: shows(viewer, screen), "the same picture")
        assert viewer.sizes and max(viewer.sizes) < whole / 10, (viewer.sizes, whole)
    assert held(bmc) == [[console.A], []]


def test_two_viewers_hand_the_keyboard_over(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    bmc.add_user("op", "Operator")
    with Viewer(bmc) as one, Viewer(bmc, "op") as other:
        one.hold(console.A)
        seat = one.hello["seat"]
        other.told("people", holder=seat)
        other.hold(console.B)
        assert other.told("refused")["why"] == "admin has the keyboard"
        other.say("take")
        one.told("people", holder=other.hello["seat"])
        other.hold()
        other.hold(console.B)
        other.hold()
        until(lambda: held(bmc) == [[console.A], [], [console.B], []], "what each held")


def test_who_may_only_look_sees_and_types_nothing(bmc, settled):
    client = bmc.client()
    settled(client, "On")
    bmc.add_user("ro", "ReadOnly")
    with Viewer(bmc, "ro") as viewer:
        assert viewer.hello["may_type"] is False
        viewer.say("watch")
        viewer.told("update")
        viewer.hold(console.A)
        assert viewer.told("refused")["why"] == "this account may only look"
    assert held(bmc) == []


def test_a_viewer_that_stops_leaves_no_key_down(bmc, settled):
    """Its process is stopped, and its connection stays open: it is the silence that is noticed."""
    client = bmc.client()
    settled(client, "On")
    child = os.fork()
    if child == 0:
        try:
            Viewer(bmc).hold(console.A)
            os.kill(os.getpid(), signal.SIGSTOP)
        finally:
            os._exit(0)
    try:
        until(lambda: held(bmc) == [[console.A], []], "the key goes up")
        assert os.waitpid(child, os.WUNTRACED | os.WNOHANG)[0] == child, "it was stopped, not ended"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_the_picture_says_why_there_is_none(bmc):
    with Viewer(bmc) as viewer:
        viewer.say("watch")
        viewer.told("picture", state="off")
        bmc.client().reset("On")
        viewer.told("picture", state="live")
        bmc.client().reset("ForceOff")
        viewer.told("picture", state="off")


def test_a_stay_ends_with_the_account_and_within_a_second(bmc):
    bmc.add_user("op", "Operator")
    admin = bmc.client()
    with Viewer(bmc, "op") as viewer:
        path = "/redfish/v1/AccountService/Accounts"
        accounts = [member["@odata.id"] for member in admin.get(path)["Members"]]
        (op,) = [path for path in accounts if admin.get(path)["UserName"] == "op"]
        admin.change(op, {"Enabled": False})
        assert viewer.closed() == 4001


def test_no_page_from_elsewhere_and_nobody_unknown_is_let_in(bmc):
    for headers, status in [({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
                            ({"Authorization": "Basic YTpi"}, 401)]:
        with pytest.raises(InvalidStatus) as refused:
            Viewer(bmc, **headers)
        assert refused.value.response.status_code == status, headers
    with pytest.raises(InvalidStatus) as refused:
        Viewer(bmc, server="2")
    assert refused.value.response.status_code == 404


def test_nonsense_ends_a_stay_and_nothing_else(bmc):
    with Viewer(bmc) as other:
        for nonsense in ("{", '{"type":"kill"}', "x" * 5000, b"\x01"):
            with Viewer(bmc) as viewer:
                viewer.socket.send(nonsense)
                assert viewer.closed() == 1008, nonsense[:20]
        other.say("ping", token=7)
        assert other.told("pong")["token"] == 7
