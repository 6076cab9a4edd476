"""Who may come in by the page, how, and how one leaves."""

import pytest
from playwright.sync_api import expect

from support import settings
from support.bmc import MADE_UP
from support.redfish import ACCOUNTS, SESSIONS

OWN = "kettle orbit violin"  # 19 bytes: fits IPMI too


@pytest.fixture
def bmc(serve):
    return serve()


def test_a_first_password_is_changed_and_nothing_else_is_there_before(serve, visit):
    bmc = serve(new=True)
    (first,) = MADE_UP.findall(bmc.daemon.said())
    person = visit(bmc, "/servers/1").sign_in("admin", first)
    person.sees_card("Choose a password")
    page = person.page
    field, button = page.get_by_label("New password"), page.get_by_role("button", name="Set password")
    expect(page.get_by_role("button", name="Menu")).to_have_count(0)
    field.fill("short")
    button.click()
    person.sees("At least 8 characters are needed.")
    field.fill("password1")
    person.sees("Weak: easy to guess")
    field.fill(first)
    button.click()
    person.sees("It must be another one than before")
    field.fill(OWN)
    person.sees("Fair: longer would be better")
    page.reload()
    person.sees_card("Choose a password")
    field.fill(OWN)
    button.click()
    person.at("/servers/1")
    person.sees("The server is off")
    assert bmc.client(password=OWN).get(ACCOUNTS)["Members@odata.count"] == 1
    assert bmc.client(password=first).status("GET", ACCOUNTS) == 401


def test_a_wrong_password_is_said_and_a_right_one_is_taken_then(bmc, visit):
    person = visit(bmc).sign_in("admin", "not the password")
    expect(person.page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    assert person.cookies() == {}
    person.sign_in("admin", bmc.password)
    person.at("/servers/1")
    cookie = person.cookies()["__Host-outband"]
    assert cookie["httpOnly"] and cookie["secure"] and cookie["sameSite"] == "Strict"
    assert cookie["path"] == "/" and cookie["expires"] == -1
    assert person.page.evaluate("document.cookie") == ""


def test_who_guesses_is_told_how_long_to_wait(bmc, visit):
    visitor = bmc.visitor()
    wrong = {"user": "admin", "password": "not the password"}
    person = visit(bmc)
    person.page.get_by_label("Name").fill("admin")
    person.page.get_by_label("Password", exact=True).fill(bmc.password)
    answers = []
    while 429 not in answers:
        answers.append(visitor.status("POST", "/api/v1/session", wrong))
    assert answers[0] == 401
    person.page.get_by_role("button", name="Sign in").click()
    person.sees("Too many failed attempts. You can try again in ")
    button = person.page.get_by_role("button", name="Sign in")
    expect(button).to_be_disabled()
    expect(button).to_be_enabled()  # when the time is over
    person.page.get_by_role("button", name="Sign in").click()
    person.at("/servers/1")


def test_a_reload_keeps_session_and_place_and_signing_out_ends_both(serve, visit):
    bmc = serve(settings.server("web1"), settings.server("web2"))
    person = visit(bmc, "/servers/web2").sign_in("admin", bmc.password)
    person.sees("The server is off")
    person.page.reload()
    person.sees("The server is off")
    person.at("/servers/web2")
    token = person.cookies()["__Host-outband"]["value"]
    person.choose("Sign out admin")
    person.sees_card("Sign in")
    assert "__Host-outband" not in person.cookies()
    stale = bmc.visitor().send("GET", "/api/v1/session", **{"Cookie": f"__Host-outband={token}"})
    assert stale.status_code == 401
    person.page.reload()
    person.sees_card("Sign in")


def test_a_session_that_another_ends_asks_to_sign_in_and_goes_on_at_its_place(bmc, visit):
    person = visit(bmc, "/settings/account").sign_in("admin", bmc.password)
    person.sees_card("Change password")
    client = bmc.client()
    for member in client.get(SESSIONS)["Members"]:
        assert client.status("DELETE", member["@odata.id"]) == 204
    person.choose("All servers")
    person.sees("Your session has ended.")
    person.sign_in("admin", bmc.password)
    person.at("/servers")
    expect(person.page.get_by_role("link", name="1", exact=True)).to_be_visible()


def test_another_password_ends_the_other_windows_of_other_browsers(bmc, visit):
    other = visit(bmc).sign_in("admin", bmc.password)
    other.at("/servers/1")
    person = visit(bmc, "/settings/account").sign_in("admin", bmc.password)
    person.page.get_by_label("New password").fill(OWN)
    person.page.get_by_role("button", name="Set password").click()
    person.sees("The password is changed.")
    person.page.reload()
    person.sees_card("Change password")
    other.page.reload()
    other.sees_card("Sign in")


def test_an_account_for_ipmi_is_told_why_its_password_is_short(bmc, visit):
    types = {"AccountTypes": ["Redfish", "WebUI", "IPMI"]}
    body = {"UserName": "both", "Password": "correct-horse", "RoleId": "Operator", **types}
    bmc.client().create(ACCOUNTS, body)
    person = visit(bmc, "/settings/account").sign_in("both", "correct-horse")
    person.sees("8 to 20 characters")
    person.page.get_by_label("New password").fill("x" * 21)
    person.sees("At most 20 bytes fit")


def test_with_access_off_everybody_is_in_and_told_so(serve, visit):
    bmc = serve(base=settings.BASE + settings.OPEN)
    person = visit(bmc)
    person.at("/servers/1")
    person.sees("everybody who gets here is an Administrator")
    person.page.get_by_role("button", name="Menu").click()
    expect(person.page.get_by_role("menuitem")).to_have_count(2)  # nobody to sign out
