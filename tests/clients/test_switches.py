"""Everything can be off. Each test switches one thing off and looks through every door."""

import http.client
import socket
import ssl

import pytest

from support import settings
from support.redfish import SYSTEM

CHASSIS, MANAGER = "/redfish/v1/Chassis/1", "/redfish/v1/Managers/1"
RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"


@pytest.fixture
def without(serve):
    """Starts a BMC whose server lacks some parts; gives a client."""
    return lambda *parts: serve(settings.server(parts=settings.off(*parts))).client()


def test_with_everything_on_every_resource_below_is_there(serve):
    """The counter-proof: what the tests below find absent is there otherwise."""
    client = serve().client()
    system = client.get(SYSTEM)
    for name in ("PowerState", "PowerRestorePolicy", "Boot", "IndicatorLED", "BootProgress",
                 "LocationIndicatorActive"):
        assert name in system, name
    assert "#ComputerSystem.Reset" in system["Actions"]
    assert client.status("GET", f"{CHASSIS}/Thermal") == 200


def test_without_power_nothing_of_power_is_left(without):
    client = without("power")
    system = client.get(SYSTEM)
    for name in ("PowerState", "PowerRestorePolicy", "IndicatorLED", "LocationIndicatorActive"):
        assert name not in system, name
    assert "#ComputerSystem.Reset" not in system.get("Actions", {})
    assert "PowerState" not in client.get(CHASSIS)
    assert client.status("POST", RESET, {"ResetType": "On"}) == 404
    for body in ({"PowerRestorePolicy": "AlwaysOn"}, {"LocationIndicatorActive": True},
                 {"IndicatorLED": "Lit"}):
        assert client.status("PATCH", SYSTEM, body) == 400, body


def test_without_boot_there_is_no_override(without):
    client = without("boot")
    assert "Boot" not in client.get(SYSTEM)
    body = {"Boot": {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Pxe"}}
    assert client.status("PATCH", SYSTEM, body) == 400


def test_without_health_there_are_no_sensors(without):
    client = without("health")
    chassis = client.get(CHASSIS)
    for name in ("Sensors", "Thermal", "Power", "ThermalSubsystem", "PowerSubsystem",
                 "EnvironmentMetrics"):
        assert name not in chassis, name
        assert client.status("GET", f"{CHASSIS}/{name}") == 404, name


def test_without_display_and_input_there_is_no_console(without):
    client = without("display", "input")
    for path in (SYSTEM, MANAGER):
        assert "GraphicalConsole" not in client.get(path)


def test_without_serial_there_is_no_serial_console(without):
    client = without("serial")
    for path in (SYSTEM, MANAGER):
        assert "SerialConsole" not in client.get(path)


def test_a_server_without_any_part_is_still_a_server(without):
    client = without("power", "display", "input", "serial", "health", "boot")
    system = client.get(SYSTEM)
    assert system["Id"] == "1"
    client.change(SYSTEM, {"AssetTag": "bare"})
    assert client.get(SYSTEM)["AssetTag"] == "bare"


def with_service(name: str, body: str = "enabled = false") -> str:
    """The base settings with one service changed."""
    return settings.BASE + f"[service.{name}]\n{body}\n"


def test_without_redfish_its_paths_are_gone_and_the_native_api_stays(serve):
    client = serve(base=with_service("redfish")).client()
    for path in ("/redfish", "/redfish/v1/", SYSTEM, "/redfish/v1/SessionService/Sessions"):
        assert client.status("GET", path) == 404, path
    assert client.status("GET", "/api/v1/servers/1/faults") == 200


def test_without_the_console_service_its_paths_are_gone_and_redfish_stays(serve):
    client = serve(base=with_service("console")).client()
    for path in ("/api/v1/servers/1/faults", "/api/v1/servers"):
        assert client.status("GET", path) == 404, path
    assert client.status("GET", SYSTEM) == 200


def test_without_https_nothing_speaks_tls(serve):
    base = settings.BASE.replace('listen = ["127.0.0.1:0"]', "enabled = false")
    bmc = serve(base=base + '[service.plain_http]\nenabled = true\nlisten = ["127.0.0.1:0"]\n')
    assert "https" not in bmc.daemon.ready
    (name,) = bmc.daemon.ready
    host, port = bmc.daemon.address(name).rsplit(":", 1)
    plain = http.client.HTTPConnection(host, int(port), timeout=30)
    plain.request("GET", "/redfish/v1/")
    assert plain.getresponse().status == 200
    with pytest.raises((ssl.SSLError, ConnectionError)):
        context = ssl._create_unverified_context()
        context.wrap_socket(socket.create_connection((host, int(port)), timeout=30))


def test_the_plain_port_is_closed_unless_it_was_asked_for(serve):
    assert list(serve().daemon.ready) == ["https"]


def test_without_access_every_visitor_is_an_administrator_and_is_told(serve):
    bmc = serve(base=settings.BASE + "[access]\nenabled = false\n")
    visitor = bmc.visitor()
    visitor.change(SYSTEM, {"AssetTag": "anybody"})
    visitor.reset("On")
    visitor.await_power("On")
    assert visitor.status("GET", "/redfish/v1/AccountService/Accounts") == 200
    said = bmc.daemon.said().lower()
    assert "access" in said and "administrator" in said


def test_with_access_a_visitor_sees_only_the_doors(serve):
    visitor = serve().visitor()
    for path in ("/redfish", "/redfish/v1", "/redfish/v1/", "/redfish/v1/odata",
                 "/redfish/v1/$metadata"):
        assert visitor.status("GET", path) == 200, path
    for path in (SYSTEM, CHASSIS, MANAGER, "/redfish/v1/AccountService", "/redfish/v1/Systems",
                 "/redfish/v1/SessionService/Sessions", "/redfish/v1/TaskService",
                 "/api/v1/servers/1/faults"):
        assert visitor.status("GET", path) == 401, path
    assert visitor.status("POST", RESET, {"ResetType": "On"}) == 401
    assert visitor.status("PATCH", SYSTEM, {"AssetTag": "x"}) == 401
