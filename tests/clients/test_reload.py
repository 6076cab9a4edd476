"""SIGHUP: what changed is changed and named, the rest goes on, what is wrong changes nothing."""

import pathlib
import shutil

from support import events, settings
from support.bmc import Demo, Serve
from support.redfish import SYSTEM
from support.waiting import until

PROFILES = pathlib.Path(__file__).parents[2] / "config/profiles"
SECOND = "/redfish/v1/Systems/2"


def test_a_bad_reload_changes_nothing_and_is_said(serve):
    bmc = serve()
    bmc.file.write_text(bmc.file.read_text() + "\n[acess]\n")
    assert "everything stays as it was" in bmc.reload()
    assert "acess" in bmc.daemon.said()
    assert bmc.client().status("GET", SYSTEM) == 200


def test_what_changed_is_named_by_key(serve):
    bmc = serve(settings.server("1"), settings.server("2"))
    assert "nothing changed" in bmc.reload()
    base = settings.BASE + '[access]\nsession_idle = "10m"\n'
    bmc.write(settings.server("2", parts=settings.off("serial")), settings.server("3"), base=base)
    said = bmc.reload()
    for words in ["changed: access.session_idle", "servers added: 3", "servers removed: 1",
                  "servers changed: 2 (serial.driver)"]:
        assert words in said
    *_, event = events.of_kind(bmc.state, "settings-reloaded")
    assert event["what"] in said
    assert "nothing changed" in bmc.reload()


def test_what_a_profile_says_is_read_again(serve, tmp_path, settled):
    profile = tmp_path / "box.toml"
    text = (PROFILES / "pc.toml").read_text()
    profile.write_text(text)
    bmc = serve(settings.server("1", keys='profile = "box.toml"'), settings.server("2"))
    client = bmc.client()
    settled(client, "On", SECOND)
    assert client.get(SYSTEM)["Model"] == "Plain PC"

    profile.write_text(text + "# another remark\n")
    assert "nothing changed" in bmc.reload()
    profile.write_text(text.replace('"Plain PC"', '"Fancy PC"'))
    assert "servers changed: 1 (what the profile says)" in bmc.reload()
    assert client.get(SYSTEM)["Model"] == "Fancy PC"
    assert client.get(SECOND)["Model"] == "Plain PC"
    assert client.power(SECOND) == "On"

    profile.write_text("name = 1\n")
    assert "everything stays as it was" in bmc.reload()
    assert f"{bmc.file}:" in bmc.daemon.said() and "server.profile: " in bmc.daemon.said()
    assert client.get(SYSTEM)["Model"] == "Fancy PC"


def said_of_the_second(bmc) -> int:
    """How often the log says that the second server isn't managed."""
    return sum("server 2: " in line and "the server is not managed" in line
               for line in bmc.daemon.errors)


def happened_to_the_second(bmc) -> list[str]:
    """The events of the second server's coming, going and failing."""
    kinds = [event["kind"]["is"] for event in events.read(bmc.state) if event["server"] == "2"]
    return [kind for kind in kinds if kind in ("server-added", "server-removed", "fault")]


def test_a_server_that_failed_is_tried_again_at_each_reload(serve):
    bmc = serve(settings.server("1"), settings.server("2"))
    client = bmc.client()
    # A file in the place of its folder keeps it from being opened anew.
    folder = bmc.state / "sim" / "2"
    shutil.rmtree(folder)
    folder.write_text("")
    bmc.write(settings.server("1"), settings.server("2", sim="disk = false"))
    bmc.reload()
    assert said_of_the_second(bmc) == 1
    assert client.status("GET", SECOND) == 404
    assert "managed again" not in bmc.reload()
    assert said_of_the_second(bmc) == 2
    assert client.status("GET", SECOND) == 404

    folder.unlink()
    bmc.reload()  # if it was not tried again by itself meanwhile
    assert client.power(SECOND) == "Off"
    assert client.power(SYSTEM) == "Off"
    assert "servers managed again: 2" in bmc.daemon.said()
    assert happened_to_the_second(bmc) == ["fault", "server-removed", "fault", "server-added"]


def test_a_server_that_cannot_be_opened_keeps_no_other_from_its_bmc(running, tmp_path, settled):
    bmc = Serve(tmp_path, settings.server("1"), settings.server("2"))
    journal = bmc.state / "sim" / "2.journal"
    journal.mkdir(parents=True)  # the second one can't write down what it sees
    client = running(bmc).client()
    assert client.get("/redfish/v1/Systems")["Members"] == [{"@odata.id": SYSTEM}]
    assert client.status("GET", SECOND) == 404
    (line,) = [line for line in bmc.daemon.errors if "not managed" in line]
    assert "server 2: " in line and str(journal) in line
    assert happened_to_the_second(bmc) == ["fault"]
    settled(client, "On")

    journal.rmdir()
    until(lambda: client.status("GET", SECOND) == 200, "it was tried again by itself")
    settled(client, "On", SECOND)
    assert said_of_the_second(bmc) == 1, "it is no news that nothing changed"
    assert happened_to_the_second(bmc) == ["fault", "server-added"]


def test_a_certificate_that_was_replaced_is_named(serve, running, tmp_path, tmp_path_factory):
    other = running(Demo(tmp_path_factory.mktemp("other")))
    bmc = serve()

    def put(made_by):
        for name in ("cert.pem", "key.pem"):
            shutil.copy(made_by.state / "tls" / name, tmp_path / name)

    put(bmc)
    files = 'certificate = "cert.pem"\nkey = "key.pem"\n'
    base = settings.BASE.replace("127.0.0.1:0", bmc.daemon.address())
    bmc.write(base=base.replace("[service.http]", files + "[service.http]"))
    said = bmc.reload()
    assert "service.https.certificate, service.https.key" in said
    assert "another certificate" not in said
    assert "nothing changed" in bmc.reload()
    put(other)
    assert "another certificate" in bmc.reload()
    assert bmc.client().status("GET", SYSTEM) == 200
    (tmp_path / "cert.pem").write_text("nonsense")
    assert "everything stays as it was" in bmc.reload()
    assert "service.https.certificate: " in bmc.daemon.said()
    assert bmc.client().status("GET", SYSTEM) == 200
