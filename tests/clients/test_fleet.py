"""A thousand servers in one process; a hundred come and go while somebody works at another."""

import signal
import threading

from support import events, settings
from support.bmc import Bmc
from support.daemon import PASSWORD, Daemon, run
from support.redfish import SESSIONS
from support.waiting import until

SYSTEMS = "/redfish/v1/Systems"
ALL = [f"n{number}" for number in range(1000)]


def members(client) -> list[str]:
    """The ids of the servers that there are."""
    return [m["@odata.id"].rsplit("/", 1)[1] for m in every_page(client, SYSTEMS)]


def every_page(client, path: str) -> list[dict]:
    """The members of a collection, however many pages it has."""
    page = client.get(path)
    found = page["Members"]
    while following := page.get("Members@odata.nextLink"):
        page = client.get(following)
        found += page["Members"]
    return found


def rewrite(bmc, ids: list[str]) -> None:
    """Writes other servers into the settings and has them read anew."""
    settings.write(bmc.folder, *(settings.server(id) for id in ids))
    bmc.daemon.signal(signal.SIGHUP)


def test_servers_come_and_go_while_a_session_on_another_goes_on(serve):
    bmc = serve(*(settings.server(id) for id in ALL))
    worker = bmc.client()
    assert worker.log_in("admin", PASSWORD).status_code == 201
    other = bmc.client()
    assert sorted(members(other)) == sorted(ALL)
    stop, answered, failures = threading.Event(), [], []

    def work():
        """Changes and reads one server over and over in one session."""
        try:
            while not stop.is_set():
                tag = f"tag {len(answered)}"
                worker.change(f"{SYSTEMS}/n0", {"AssetTag": tag})
                assert worker.get(f"{SYSTEMS}/n0")["AssetTag"] == tag
                answered.append(tag)
        except Exception as failure:  # whatever it is, the test must know
            failures.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        rewrite(bmc, ALL[:900])
        until(lambda: len(members(other)) == 900, "a hundred servers are gone")
        assert other.status("GET", f"{SYSTEMS}/n950") == 404
        seen = len(answered)
        rewrite(bmc, ALL)
        until(lambda: len(members(other)) == 1000, "a hundred servers are there again")
        assert other.get(f"{SYSTEMS}/n950")["PowerState"] == "Off"
        until(lambda: len(answered) > seen + 3 or failures, "the session goes on")
    finally:
        stop.set()
        thread.join()
    assert failures == []
    assert len(other.get(SESSIONS)["Members"]) == 1


def fleet(folder, *flags: str) -> Bmc:
    """`outband fleet` on a free port."""
    argv = ["fleet", "--https", "127.0.0.1:0", "--ipmi", "127.0.0.1:0",
            "--state", str(folder / "state"), *flags]
    bmc = Bmc(Daemon(*argv, OUTBAND_ADMIN_PASSWORD=PASSWORD), folder)
    bmc.state = folder / "state"
    return bmc


def test_a_fleet_in_one_tree(running, tmp_path):
    bmc = running(fleet(tmp_path, "--count", "3"))
    client = bmc.client()
    assert members(client) == ["1", "2", "3"]
    client.reset("On", f"{SYSTEMS}/2")
    client.await_power("On", f"{SYSTEMS}/2")
    assert [client.power(f"{SYSTEMS}/{n}") for n in (1, 2, 3)] == ["Off", "On", "Off"]
    switched = [event["server"] for event in events.read(bmc.state)
                if event["kind"]["is"] == "power-changed" and event["kind"]["to"] == "on"]
    assert switched == ["2"]


def test_a_tree_for_each(running, tmp_path):
    bmc = running(fleet(tmp_path, "--count", "3", "--redfish", "each"))
    own = [address for each in bmc.daemon.ready["servers"].values() for address in each["https"]]
    assert own == bmc.daemon.ready["https"] and len(set(own)) == 3
    for number, address in enumerate(own, start=1):
        client = bmc.client(at=f"https://{address}")
        assert members(client) == [str(number)]
        shown = [client.status("GET", f"{SYSTEMS}/{other}") for other in (1, 2, 3)]
        assert shown == [200 if other == number else 404 for other in (1, 2, 3)]


def test_faults_are_set_at_a_servers_own_address_for_that_server_alone(running, tmp_path):
    bmc = running(fleet(tmp_path, "--count", "2", "--redfish", "each"))
    (own,) = bmc.daemon.ready["servers"]["2"]["https"]

    def fault(*words: str):
        return run("sim", "fault", *words, "--url", f"https://{own}", "--cacert", bmc.certificate,
                   OUTBAND_ADMIN_PASSWORD=PASSWORD)

    done = fault("set", "http-unavailable", "--server", "2")
    assert done.returncode == 0, done.stderr
    client = bmc.client(at=f"https://{own}")
    assert client.status("GET", f"{SYSTEMS}/2") == 503
    assert fault("clear", done.stdout.strip(), "--server", "2").returncode == 0
    assert client.status("GET", f"{SYSTEMS}/2") == 200
    for words in (("set", "no-signal"), ("list",), ("clear", "all")):
        done = fault(*words, "--server", "1")
        assert done.returncode != 0 and "no such server (404)" in done.stderr, words


def test_servers_of_a_fleet_differ_where_machines_differ(running, tmp_path):
    client = running(fleet(tmp_path, "--count", "3")).client()
    systems = [client.get(f"{SYSTEMS}/{number}") for number in (1, 2, 3)]
    for name in ("UUID", "SerialNumber"):
        assert len({system[name] for system in systems}) == 3, name
