"""The console of the page, in real Chromium: what is drawn is what the screen's picture shows, and what
is typed is what the machine saw."""

import pytest
from playwright.sync_api import expect

from support import console
from support.console import Console
from support.faults import set_fault
from support.waiting import until


@pytest.fixture
def bmc(serve):
    return serve()


def held(bmc) -> list[list[int]]:
    """What the machine saw of its keyboard: which keys were held, one after the other."""
    return [entry["held"] for entry in bmc.journal() if entry["saw"] == "key"]


def test_a_server_is_switched_on_and_typed_at(bmc, visit):
    client = bmc.client()
    person = visit(bmc).sign_in("admin", bmc.password)
    person.sees("The server is off")
    person.page.get_by_role("button", name="Power on").click()
    person.sees("Power on: done")
    client.await_power("On")
    person.sees("1024×768")
    screen = Console(client)
    until(lambda: console_runs(bmc), "the log-in")
    until(lambda: person.shows(screen), "the same picture")
    before = len(held(bmc))
    person.types("a")
    person.page.keyboard.press("Shift+KeyB")
    person.sees("keyboard caught")
    shift = console.LEFT_SHIFT
    until(lambda: held(bmc)[before:] == [[console.A], [], [shift], [console.B, shift], [shift], []],
          "what was typed")
    until(lambda: person.shows(screen), "the letters in the picture")
    # Caps Lock comes back as a light.
    person.page.keyboard.press("CapsLock")
    expect(person.page.get_by_role("img", name="Caps Lock is on")).to_be_visible()
    assert screen.leds()["caps"]
    until(lambda: held(bmc)[-2:] == [[console.CAPS_LOCK], []], "Caps Lock is up")
    # Both Ctrl keys leave: what follows is typed nowhere.
    seen = len(held(bmc))
    person.page.keyboard.down("ControlLeft")
    person.page.keyboard.down("ControlRight")
    person.sees("click the picture to type")
    until(lambda: held(bmc)[seen:] == [[console.LEFT_CONTROL], []], "all keys up")
    seen = len(held(bmc))
    person.page.keyboard.up("ControlRight")
    person.page.keyboard.up("ControlLeft")
    person.page.keyboard.press("a")
    assert len(held(bmc)) == seen
    person.page.get_by_role("button", name="Ctrl-Alt-Del").click()
    chord = [console.LEFT_CONTROL, 226, console.DELETE]
    until(lambda: sorted(chord) in map(sorted, held(bmc)[seen:]), "Ctrl-Alt-Del")


def console_runs(bmc) -> bool:
    """Whether the simulated system is at its log-in."""
    return bmc.client().get("/api/v1/servers/1")["boot_progress"] == "os-running"


def test_a_deaf_machine_is_asked_and_then_forced(bmc, visit, settled):
    client = bmc.client()
    settled(client, "On")
    set_fault(client, kind="deaf-soft-off")
    person = visit(bmc).sign_in("admin", bmc.password)

    def choose(action: str) -> None:
        person.page.get_by_role("button", name="Power", exact=True).click()
        person.page.get_by_role("menuitem", name=action).click()
        person.sees_card(f"{action}: 1?")
        person.page.get_by_role("dialog").get_by_role("button", name=action).click()

    choose("Shut down")
    person.sees("Shut down: under way")
    choose("Force off")
    person.sees("The server is off")
    person.sees("Force off: done")
    assert client.power() == "Off"
    # What can't be done now is not offered.
    person.page.get_by_role("button", name="Power", exact=True).click()
    expect(person.page.get_by_role("menuitem")).to_have_text(["Power on"])


def test_two_people_hand_the_keyboard_over_and_a_third_looks_on(bmc, visit, settled):
    client = bmc.client()
    settled(client, "On")
    for name, role in (("op", "Operator"), ("ro", "ReadOnly")):
        bmc.add_user(name, role)
    one = visit(bmc).sign_in("admin", bmc.password)
    one.sees("1024×768")
    one.types("a")
    other = visit(bmc).sign_in("op", bmc.password)
    other.sees("admin has the keyboard.")
    other.page.get_by_role("button", name="Take it").click()
    one.sees("op has the keyboard.")
    other.types("b")
    looker = visit(bmc).sign_in("ro", bmc.password)
    looker.sees("view only")
    looker.sees("2 other people here")
    looker.types("c")
    until(lambda: held(bmc) == [[console.A], [], [console.B], []], "what the two typed")
    until(lambda: looker.shows(Console(client)), "the same picture for who looks on")


def test_a_page_that_vanishes_or_looks_elsewhere_leaves_no_key_down(bmc, visit, settled):
    settled(bmc.client(), "On")
    person = visit(bmc).sign_in("admin", bmc.password)
    person.sees("1024×768")
    ways = {
        "another place has the focus": lambda page: page.get_by_role("button", name="Menu").focus(),
        "it is closed": lambda page: page.close(),
    }
    for what, vanish in ways.items():
        before = len(held(bmc))
        person.canvas.click()
        person.page.keyboard.down("a")
        # On a machine that is busy enough it may be up again already: the page was silent.
        until(lambda: held(bmc)[before:][:1] == [[console.A]], "the key is down")
        vanish(person.page)
        until(lambda: held(bmc)[before:] == [[console.A], []], f"it is up, as {what}")
        if not person.page.is_closed():
            person.page.keyboard.up("a")


def test_a_picture_that_is_gone_says_why_and_comes_back(bmc, visit, settled):
    client = bmc.client()
    settled(client, "On")
    person = visit(bmc).sign_in("admin", bmc.password)
    person.sees("1024×768")
    fault = set_fault(client, kind="no-signal")
    person.sees("No signal")
    client.send("DELETE", fault)
    expect(person.page.get_by_text("No signal")).to_be_hidden()
    until(lambda: person.shows(Console(client)), "the picture")
