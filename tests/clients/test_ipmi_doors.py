"""Where IPMI listens: its switches in `serve`, and the ports of `demo` and `fleet`."""

from support import events, ipmi, namespace, settings
from support.bmc import Bmc, Demo
from support.daemon import PASSWORD, Daemon
from support.doors import bound

# Switches.

def test_the_service_can_be_off(tmp_path, running):
    off = settings.with_service("ipmi")
    bmc = running(ipmi.serve(tmp_path, settings.server(), base=off))
    assert "ipmi" not in bmc.daemon.ready and bound(bmc.daemon.pid) == set()
    for base, listening in ((settings.BASE, 1), (off, 0)):
        bmc.write(settings.server(), base=base)
        bmc.reload()
        assert len(bound(bmc.daemon.pid)) == listening
        assert told_port(bmc) == (port_of(bound(bmc.daemon.pid)) if listening else None)


def told_port(bmc, server: str = "1") -> int | None:
    """The port at which Redfish says that a server's IPMI is."""
    told = bmc.client().get(f"/redfish/v1/Managers/{server}/NetworkProtocol")["IPMI"]
    assert told["ProtocolEnabled"] == ("Port" in told)
    return told.get("Port")


def port_of(addresses) -> int:
    """The port of the only address."""
    (address,) = addresses
    return int(address.rsplit(":", 1)[1])


def test_suite_3_can_be_off(tmp_path, running):
    base = settings.with_service("ipmi", 'listen = ["127.0.0.1:0"]\nsha1 = false')
    server = ipmi.Server(running(ipmi.serve(tmp_path, settings.server(), base=base)))
    assert "Power is" in server.ipmitool("power", "status")
    assert "Power is" in server.lan.ipmitool("power", "status", flags=("-C", "17")).well()
    server.lan.ipmitool("power", "status", flags=("-C", "3")).badly()
    listed = server.ipmitool("channel", "getciphers", "ipmi")
    assert [line.split()[0] for line in listed.splitlines() if line[:1].isdigit()] == ["17"]


def test_without_a_part_its_commands_are_refused_and_others_are_not(tmp_path, running):
    commands = {"power": [("power", "on"), ("chassis", "policy", "always-on"),
                          ("chassis", "identify", "1")],
                "boot": [("chassis", "bootdev", "pxe")]}
    servers = [ipmi.own_address(part, parts=settings.off(part)) for part in commands]
    bmc = running(ipmi.serve(tmp_path, *servers, ipmi.own_address("whole")))
    whole = ipmi.Server(bmc, "whole")
    for part, lines in commands.items():
        bare = ipmi.Server(bmc, part)
        for words in lines:
            # Not every command of ipmitool ends as it should when it was refused.
            assert "Invalid command" in bare.lan.ipmitool(*words).err
            whole.ipmitool(*words)
        assert "IPMI Version" in bare.ipmitool("mc", "info")
        others = [words for other in commands if other != part for words in commands[other]]
        for words in others:
            bare.ipmitool(*words)


# `demo` and `fleet`.

def power_changes(bmc, server: str = "1") -> list[str]:
    """What a server's power became, as the event log has it."""
    return [event["kind"]["to"] for event in events.read(bmc.state)
            if event["kind"]["is"] == "power-changed" and event["server"] == server]


def in_a_network_of_its_own(folder, *argv: str) -> Bmc:
    """`outband` with nothing said about addresses."""
    state = folder / "state"
    bmc = Bmc(Daemon(*argv, "--state", str(state), wrapper=namespace.NETWORK,
                     OUTBAND_ADMIN_PASSWORD=PASSWORD), folder)
    bmc.state = state
    return bmc


def test_ports_where_nothing_is_said_about_them(running, tmp_path):
    bmc = running(in_a_network_of_its_own(tmp_path, "fleet", "--count", "3"))
    ports = [f"127.0.0.1:{6230 + at}" for at in range(3)]
    assert bmc.daemon.ready["ipmi"] == ports
    assert [each["ipmi"] for each in bmc.daemon.ready["servers"].values()] == [[at] for at in ports]
    assert bound(bmc.daemon.pid) == set(ports)
    bmc.daemon.stop()
    bmc = running(in_a_network_of_its_own(tmp_path, "demo"))
    assert bmc.daemon.ready["ipmi"] == ["127.0.0.1:6230"]
    assert bound(bmc.daemon.pid) == {"127.0.0.1:6230"}


def test_a_demo_without_ipmi_binds_nothing_for_it(running, tmp_path):
    bmc = running(Demo(tmp_path, "--ipmi", "off"))
    assert "ipmi" not in bmc.daemon.ready and bound(bmc.daemon.pid) == set()


def test_each_server_of_a_fleet_has_its_own_port_and_obeys_that_alone(running, tmp_path):
    state = tmp_path / "state"
    daemon = Daemon("fleet", "--count", "3", "--https", "127.0.0.1:0", "--ipmi", "127.0.0.1:0",
                    "--state", str(state), OUTBAND_ADMIN_PASSWORD=PASSWORD)
    bmc = running(Bmc(daemon, tmp_path))
    bmc.state = state
    first, second, third = servers = [ipmi.Server(bmc, id) for id in ("1", "2", "3")]
    assert len({server.lan.address for server in servers}) == 3
    for server in servers:
        assert told_port(bmc, server.id) == int(server.lan.port)
    guids = [server.ipmitool("mc", "guid") for server in servers]
    assert len(set(guids)) == 3
    second.ipmitool("power", "on")
    second.await_power("On")
    second.free("ipmi-chassis", "--set-power-restore-policy=ALWAYS-ON")
    second.ipmitool("chassis", "bootdev", "pxe")
    for server in (first, third):
        assert server.system("PowerState") == "Off"
        assert server.system("PowerRestorePolicy") == "AlwaysOff"
        assert server.override()[0] == "Disabled"
        assert "Chassis Power is off" in server.ipmitool("power", "status")
        assert power_changes(bmc, server.id) == []
    assert power_changes(bmc, "2") == ["on"]
    assert second.override() == ("Once", "Pxe")
    assert second.system("PowerRestorePolicy") == "AlwaysOn"
