"""What another page can't do with the browser of somebody who is signed in."""

import functools
import http.server
import ssl
import subprocess
import threading

import pytest
from playwright.sync_api import expect

from support import browser, profile, settings
from support.faults import FAULTS
from support.redfish import ACCOUNTS, SYSTEM
from support.waiting import until

# Pages of another origin: one on another address, and one on another port of the same, to which a
# browser gives the cookies of this site.
ORIGINS = {"another site": "127.0.0.2", "another port": "127.0.0.1"}


class Elsewhere:
    """A web server over TLS with one empty page."""

    def __init__(self, folder, address: str):
        key, certificate = folder / "key.pem", folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-subj", "/CN=elsewhere", "-addext", f"subjectAltName=IP:{address}",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        (folder / "index.html").write_text("<!doctype html><title>Elsewhere</title><p>Elsewhere</p>")
        handler = functools.partial(Quiet, directory=str(folder))
        self.server = http.server.ThreadingHTTPServer((address, 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # A browser opens connections that it may never use: they wait in a thread of their own.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.server.block_on_close = False
        self.server.handle_error = lambda *_: None
        self.url = f"https://{address}:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A web server that writes no log."""

    def log_message(self, *_):
        pass


@pytest.fixture(params=ORIGINS)
def victim(request, serve, chromium, tmp_path):
    """Somebody who is signed in, and has another site's page open in the next window."""
    bmc = serve()
    with (Elsewhere(tmp_path, ORIGINS[request.param]) as elsewhere,
          browser.Visit(chromium, bmc.daemon.url) as person):
        person.sign_in("admin", bmc.password)
        person.at("/servers/1")
        person.bmc = bmc
        person.trap = person.context.new_page()
        person.trap.goto(elsewhere.url)
        yield person


def assert_untouched(person) -> None:
    """Nothing was changed, and the person is still in."""
    client = person.bmc.client()
    assert client.get(FAULTS.format("1")) == {"faults": []}
    assert client.power(SYSTEM) == "Off"
    person.page.reload()
    person.at("/servers/1")
    person.sees("The server is off")


def test_a_form_of_another_page_does_nothing(victim):
    path = victim.url + FAULTS.format("1")
    submit = f"""() => {{
        const form = Object.assign(document.createElement('form'),
            {{method: 'post', action: '{path}', enctype: 'text/plain'}});
        const input = Object.assign(document.createElement('input'),
            {{name: '{{"kind": "no-signal", "x', value: '":1}}'}});
        form.append(input);
        document.body.append(form);
        form.submit();
    }}"""
    with victim.trap.expect_response(lambda answer: answer.request.method == "POST") as refused:
        victim.trap.evaluate(submit)
    assert refused.value.status == 403
    expect(victim.trap.get_by_text("cross-site")).to_be_visible()
    assert_untouched(victim)


@pytest.mark.parametrize("how", ["text", "json", "marked"])
def test_no_request_of_another_pages_script_does_anything(victim, how):
    reset = f"{victim.url}{SYSTEM}/Actions/ComputerSystem.Reset"
    init = {"text": "mode: 'no-cors', headers: {'Content-Type': 'text/plain'}",
            "json": "headers: {'Content-Type': 'application/json'}",
            "marked": "headers: {'Content-Type': 'application/json', 'X-Outband': '1'}"}[how]
    for path, body in ((victim.url + FAULTS.format("1"), '{"kind": "no-signal"}'),
                       (reset, '{"ResetType": "On"}')):
        got = victim.trap.evaluate(f"""async () => {{
            const asked = fetch('{path}', {{method: 'POST', credentials: 'include', body: '{body}', {init}}});
            return asked.then((answer) => answer.type, (why) => why.name);
        }}""")
        assert got in ("opaque", "TypeError"), "it may have been sent, and nothing of it is read"
    assert_untouched(victim)


def test_another_page_reads_nothing_either(victim):
    read = victim.trap.evaluate(f"""() => fetch('{victim.url}/api/v1/session', {{credentials: 'include'}})
        .then((answer) => answer.text(), (why) => why.name)""")
    assert read == "TypeError"
    loaded = victim.trap.evaluate(f"""() => new Promise((resolve) => {{
        const image = new Image();
        image.onload = () => resolve('loaded');
        image.onerror = () => resolve('refused');
        image.src = '{victim.url}/api/v1/servers/1/screen.png';
    }})""")
    assert loaded == "refused"


def test_no_page_is_shown_inside_another(victim):
    victim.trap.evaluate(f"""() => new Promise((resolve) => {{
        const frame = document.createElement('iframe');
        frame.onload = resolve;
        frame.src = '{victim.url}/servers/1';
        document.body.append(frame);
    }})""")

    def shown() -> str:
        victim.trap.evaluate("0")  # what has happened meanwhile is noticed with an answer
        return victim.trap.frames[1].url
    until(lambda: shown().startswith("chrome-error:"), "the browser's own words")


def test_a_name_that_is_not_ours_is_answered_by_nothing(serve, visit):
    bmc = serve()
    port = bmc.daemon.address().rsplit(":", 1)[1]
    page = visit(bmc).page
    for path in ("/", "/servers/1", "/api/v1/session", "/redfish/v1/", "/openapi.json"):
        answer = page.goto(f"https://{browser.REBOUND}:{port}{path}")
        assert answer.status == 421, path
    assert page.goto(f"https://localhost:{port}/").status == 200


def test_what_comes_from_outside_is_shown_as_text(serve, visit, tmp_path):
    hostile = "<img src=x onerror=document.title='got'>"
    text = profile.PC.read_text()
    (tmp_path / "profile.toml").write_text(text.replace('model = "Plain PC"', f'model = "{hostile}"', 1))
    servers = [settings.server(name, 'profile = "profile.toml"') for name in ("a", "b")]
    bmc = serve(*servers)
    body = {"UserName": "<h1>x<img>", "Password": bmc.password, "RoleId": "Administrator"}
    bmc.client().create(ACCOUNTS, body)
    person = visit(bmc, "/servers").sign_in("<h1>x<img>", bmc.password)
    person.sees(hostile)
    person.choose("Your account")
    person.sees("<h1>x<img>")
    page = person.page
    assert page.title().startswith("Your account")
    expect(page.locator("main :is(h1, img)")).to_have_count(0)
    person.page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("menuitem", name="Sign out <h1>x<img>")).to_be_visible()
    expect(page.locator("img")).to_have_count(0)


def test_every_answer_carries_what_guards_it(serve):
    bmc = serve()
    client, visitor = bmc.client(), bmc.visitor()
    for who, path in ((visitor, "/"), (visitor, "/openapi.json"), (visitor, "/nonsense"),
                      (visitor, "/redfish/v1/"), (visitor, "/api/v1/session"), (client, SYSTEM),
                      (client, "/api/v1/servers/1/screen.png")):
        headers = who.send("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"], path
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", path
