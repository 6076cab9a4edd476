"""The places of the page: what they show, and that they are fit to be looked at."""

import pathlib

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from support import settings
from support.redfish import SYSTEM

AXE = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js")
SIZES = {"desk": (1440, 900), "small": (1024, 768), "phone": (390, 844)}


def test_the_list_shows_every_server_and_filters_as_one_types(serve, visit):
    bmc = serve(*(settings.server(name) for name in ("web1", "web2", "db1")))
    bmc.client().reset("On", "/redfish/v1/Systems/web1")
    person = visit(bmc).sign_in("admin", bmc.password)
    person.at("/servers")
    rows = person.page.get_by_role("row")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="web1")).to_contain_text("On")
    expect(rows.filter(has_text="db1")).to_contain_text("Off")
    person.page.get_by_label("Filter by name").fill("WEB")
    expect(rows).to_have_count(3)
    person.sees("2 of 3 servers")
    person.page.get_by_label("Filter by name").fill("mail")
    person.sees("No server’s name has “mail” in it.")
    person.page.get_by_label("Filter by name").fill("")
    person.page.get_by_role("link", name="web2").click()
    person.at("/servers/web2")
    person.page.get_by_role("button", name="Switch to another server").click()
    person.page.get_by_role("menuitemradio", name="web1").click()
    person.at("/servers/web1")
    person.page.go_back()
    person.at("/servers/web2")


def test_what_is_not_there_is_said(serve, visit):
    bmc = serve(settings.server(parts=settings.off("display")))
    person = visit(bmc, "/servers/mars").sign_in("admin", bmc.password)
    person.sees("There is no server mars")
    person.page.get_by_role("link", name="To the servers").click()
    person.page.get_by_role("link", name="1", exact=True).click()
    person.sees("No screen")
    person.page.goto(f"{person.url}/settings/fonts")
    person.sees_card("There is nothing here")
    assert person.page.goto(f"{person.url}/nonsense").status == 404


def test_a_daemon_that_comes_back_is_found_without_a_reload(serve, visit):
    bmc = serve()
    person = visit(bmc).sign_in("admin", bmc.password)
    person.sees("The server is off")
    person.page.evaluate("window.before = true")
    address = bmc.daemon.address()
    bmc.daemon.stop()
    person.sees("The link to the BMC is lost.")
    person.sees("Link lost")
    bmc.write(base=settings.BASE.replace("127.0.0.1:0", address, 1))
    bmc.daemon.start()
    person.sees("Your session has ended.")  # sessions live as long as the daemon
    person.sign_in("admin", bmc.password)
    person.sees("The server is off")
    assert person.page.evaluate("window.before"), "it was not loaded anew"


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """A BMC that stays as it is, with a server that runs."""
    from support.bmc import Serve
    bmc = Serve(tmp_path_factory.mktemp("three"), *map(settings.server, ("web1", "web2", "db1")))
    with bmc.daemon:
        bmc.client().reset("On", "/redfish/v1/Systems/web1")
        yield bmc


def serious(page) -> list[str]:
    """What axe-core finds serious or worse, in a line each."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found
            if each["impact"] in ("serious", "critical") for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_place_fits_and_is_accessible(three, visit, size, scheme):
    width, height = SIZES[size]
    phone = {"is_mobile": True, "has_touch": True} if size == "phone" else {}
    person = visit(three, viewport={"width": width, "height": height}, color_scheme=scheme, **phone)
    page, seen = person.page, {}

    def look(what: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{what} is {wide} wide"
        seen[what] = serious(page)

    person.sees_card("Sign in")
    look("sign in")
    person.sign_in("admin", "not the password")
    person.sees("The name or the password is wrong.")
    look("refused")
    person.sign_in("admin", three.password)
    person.at("/servers")
    expect(page.get_by_role("row").filter(has_text="web2")).to_contain_text("Off")
    look("servers")
    page.get_by_role("link", name="web1").click()
    person.sees("1024×768")
    page.get_by_role("button", name="Menu").click()
    look("console with its menu")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
    person.choose("Your account")
    page.get_by_label("New password").fill("password1")
    person.sees("Weak: easy to guess")
    look("account")
    assert seen == dict.fromkeys(seen, [])


def test_keys_alone_are_enough(serve, visit):
    bmc = serve()
    keyboard = (person := visit(bmc)).page.keyboard
    expect(person.page.get_by_label("Name")).to_be_focused()
    keyboard.type("admin")
    keyboard.press("Tab")
    keyboard.type(bmc.password)
    keyboard.press("Enter")
    person.sees("The server is off")
    person.page.get_by_role("button", name="Menu").focus()
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    expect(person.page.get_by_role("menuitem", name="Your account")).to_be_focused()
    keyboard.press("Enter")
    person.at("/settings/account")
    assert bmc.client().power(SYSTEM) == "Off"
