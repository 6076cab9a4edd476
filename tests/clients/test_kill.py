"""Changes, each followed at once by kill -9: what was accepted is there afterwards."""

from support import medium, settings
from support.daemon import PASSWORD
from support.faults import set_fault
from support.redfish import ACCOUNTS, SYSTEM
from support.waiting import until

SESSION_SERVICE = "/redfish/v1/SessionService"
POLICIES = ["AlwaysOff", "LastState", "AlwaysOn"]
TARGETS = ["Pxe", "Hdd", "BiosSetup"]


def tag(client, number: int):
    value = f"tag {number}"
    client.change(SYSTEM, {"AssetTag": value})
    return lambda now: now.get(SYSTEM)["AssetTag"] == value


def policy(client, number: int):
    value = POLICIES[number % len(POLICIES)]
    client.change(SYSTEM, {"PowerRestorePolicy": value})
    return lambda now: now.get(SYSTEM)["PowerRestorePolicy"] == value


def override(client, number: int):
    value = {"BootSourceOverrideEnabled": ["Once", "Continuous"][number % 2],
             "BootSourceOverrideTarget": TARGETS[number % len(TARGETS)]}
    client.change(SYSTEM, {"Boot": value})
    return lambda now: value.items() <= now.get(SYSTEM)["Boot"].items()


def account(client, number: int):
    body = {"UserName": f"user{number}", "Password": PASSWORD, "RoleId": "Operator"}
    path = client.create(ACCOUNTS, body)
    return lambda now: now.get(path)["UserName"] == f"user{number}"


def no_account(client, number: int):
    path = client.account(f"user{number - 1}")
    assert client.status("DELETE", path) in (200, 204)
    return lambda now: now.status("GET", path) == 404


def password(client, number: int):
    value = f"a-new-secret-{number}"
    client.change(client.account("admin"), {"Password": value})
    client.http.auth = ("admin", value)
    return lambda now: now.status("GET", SYSTEM) == 200


def idle_time(client, number: int):
    value = 600 + number
    client.change(SESSION_SERVICE, {"SessionTimeout": value})
    return lambda now: now.get(SESSION_SERVICE)["SessionTimeout"] == value


# In this order: an account made by one is removed by the next.
CHANGES = [tag, policy, override, account, no_account, password, idle_time]


def test_every_accepted_change_survives_kill_9(serve, request):
    kills = request.config.getoption("kills")
    bmc = serve()
    lasting = {}  # what each kind of change left behind, looked at again after every kill
    for number in range(kills):
        change = CHANGES[number % len(CHANGES)]
        client = bmc.client()
        holds = change(client, number)
        bmc.daemon.kill()
        if change is password:
            bmc.password = client.http.auth[1]
        if change is no_account:
            lasting.pop(account)
        lasting[change] = holds
        bmc.daemon.start()
        now = bmc.client()
        lost = [kind.__name__ for kind, still in lasting.items() if not still(now)]
        assert lost == [], f"lost after kill {number + 1} of {kills}"


def crash(bmc):
    """Ends it by kill -9 and starts it again; gives a client."""
    bmc.daemon.kill()
    bmc.daemon.start()
    return bmc.client()


def boots(bmc) -> list[str]:
    """What the machine's firmware chose to boot, each time."""
    return [entry["target"] for entry in bmc.journal() if entry["saw"] == "boot"]


def test_a_boot_override_for_once_is_used_by_exactly_one_boot(serve, tmp_path, settled):
    cd = medium.image(tmp_path, "RESCUE")
    bmc = serve(settings.server(sim=f'cd = "{cd}"'))
    once = {"BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Cd"}
    client = bmc.client()
    settled(client, "Off")
    client.change(SYSTEM, {"Boot": once})
    client = crash(bmc)  # it was accepted, and the machine is off
    assert once.items() <= client.get(SYSTEM)["Boot"].items()

    set_fault(client, "slow-post", factor=20)  # gone with the daemon
    client.reset("On")
    client.await_power("On")
    client = crash(bmc)  # firmware ran, and had chosen nothing
    assert boots(bmc) == []
    assert once.items() <= client.get(SYSTEM)["Boot"].items()

    until(lambda: boots(bmc) == ["cd"], "the boot that uses it")
    client = crash(bmc)
    assert client.get(SYSTEM)["Boot"]["BootSourceOverrideEnabled"] == "Disabled"
    client.reset("ForceRestart")
    until(lambda: boots(bmc) == ["cd", "hdd"], "a boot without it")


def test_a_machine_obeys_after_a_kill_in_the_middle_of_a_press(serve, settled):
    bmc = serve()
    settled(bmc.client(), "On")
    seen = len(bmc.saw())
    asking = bmc.client().begin("ForceOff")
    bmc.await_sight(["power-button-down"], since=seen)
    bmc.daemon.kill()
    asking.join()
    assert "power-button-up" not in bmc.saw()[seen:]
    bmc.daemon.start()
    for power, evidence in (("Off", "power-off"), ("On", "power-on")):
        settled(bmc.client(), power)
        assert evidence in bmc.saw()[seen:]
