"""A demo's server, and what its driver tells of it: what became of the power, and what was booted. A
virtual machine is also watched from outside: its process, its monitor, its screen."""

import contextlib
import json
import pathlib

import pytest

from . import events, ipmi, machine, profile, qmp
from .bmc import Bmc, Demo
from .console import A, GREETING, INTERRUPTED, Console, tap
from .waiting import until

# Each action: what the event log calls it, and what it must have of the power then, and no more.
OFF, ON, RESTARTED = "off by command", "on", "restarted"
ACTIONS = {
    "on": ("power on", [ON]),
    "diag": ("power nmi", []),
    "reset": ("power reset", [RESTARTED]),
    "cycle": ("power cycle", [OFF, ON]),
    "soft": ("power soft-off", ["off by shut-down"]),
    "off": ("power off", [OFF]),
}
# The power after an action.
AFTER = {action: "Off" if action in ("soft", "off") else "On" for action in ACTIONS}


def power_words(actions: tuple[str, ...]) -> list[str]:
    """What the event log must have of the power after these actions."""
    return [word for action in actions for word in ACTIONS[action][1]]


class Watched(ipmi.Server):
    """A demo's server, whatever makes it real."""

    def __init__(self, bmc: Bmc):
        super().__init__(bmc)
        self.screen = Console(self.redfish)

    def obeys(self, act, *actions: str) -> None:
        """Acts, and looks whether the driver did these actions, each once, and nothing else."""
        since = len(events.read(self.bmc.state))
        before = self.before(actions)
        act()
        wanted = [ACTIONS[action][0] for action in actions]
        until(lambda: len(self.ended(since)) >= len(wanted), f"the end of {wanted}")
        self.await_power(AFTER[actions[-1]])
        assert self.ended(since) == wanted
        assert self.power_since(since) == power_words(actions)
        self.look(actions, before)

    def does_nothing(self, act) -> None:
        """Acts, and looks whether that left the machine alone."""
        since, before = len(events.read(self.bmc.state)), self.before(())
        act()
        assert self.power_since(since) == []
        self.look((), before)

    def ended(self, since: int) -> list[str]:
        """The actions that were carried out after so many events; none may have failed."""
        ends = [event["kind"] for event in events.read(self.bmc.state)[since:]
                if event["kind"]["is"] == "ended"]
        assert all(end["outcome"]["result"] == "done" for end in ends), ends
        return [end["command"] for end in ends]

    def power_since(self, since: int) -> list[str]:
        """What the driver sensed of the power after so many events."""
        words = {"power-changed": lambda kind: kind["to"] + (
                     f" by {kind['off_cause']}" if kind["off_cause"] else ""),
                 "restarted": lambda kind: RESTARTED}
        kinds = [event["kind"] for event in events.read(self.bmc.state)[since:]]
        return [words[kind["is"]](kind) for kind in kinds if kind["is"] in words]

    def settle(self, power: str) -> None:
        """Brings it into a power state by Redfish, with its system running or off."""
        if self.system("PowerState") != power:
            super().settle(power)

    # What there is to be seen of a simulated machine.

    def before(self, actions: tuple[str, ...]):
        """What must be known of the machine before it acts."""

    def look(self, actions: tuple[str, ...], before) -> None:
        """Looks at the machine after it acted."""
        if actions and AFTER[actions[-1]] == "On":
            self.await_system()

    def firmware(self) -> str | None:
        """What its firmware is, in Redfish's words, where that can be seen from outside."""
        return None

    def boots(self, device: str | None, act) -> None:
        """Acts, and looks whether its firmware boots this device by an override, or none so."""
        since = len(events.of_kind(self.bmc.state, "booted"))
        act()
        boot = until(lambda: events.of_kind(self.bmc.state, "booted")[since:], "a boot")[0]
        # A network that nobody answers on, and a drive without a medium, are passed over.
        after = {"bios": "bios-setup"}.get(device, "hdd")
        assert (boot["target"], boot["by_override"]) == (after, device is not None)


class Machine(Watched):
    """A demo's virtual machine."""

    has_light = False
    has_setup = False  # SeaBIOS has none
    # What stands on its screen when a device is booted, and the device's id in QEMU.
    DEVICES = {"pxe": ("iPXE initialising devices", "nic0"), "disk": (GREETING, "disk0"),
               "cdrom": ("the CD: wait", "cd0"), None: (GREETING, "disk0")}

    def __init__(self, bmc: Bmc, monitor: pathlib.Path):
        super().__init__(bmc)
        self.monitor = monitor

    def processes(self) -> list[int]:
        """What runs of it."""
        return machine.processes(self.bmc.state)

    def await_system(self) -> None:
        """Waits until the program of its disk runs."""
        self.screen.await_line(GREETING)

    def marked(self) -> bool:
        """Whether what was typed stands on its screen, which no other boot shows."""
        return any(set(line) == {"a"} for line in self.screen.lines())

    def before(self, actions: tuple[str, ...]):
        """Its processes, and a monitor of the one that runs; and a mark on its screen."""
        found = self.processes()
        if actions == ("reset",):
            self.screen.type(tap(A))
            until(self.marked, "what was typed")
        return found, qmp.Monitor(self.monitor) if found else contextlib.nullcontext()

    def look(self, actions: tuple[str, ...], before) -> None:
        """Its process stayed, went, or is another; the monitor told why; its program says the rest."""
        found, monitor = before
        if actions and AFTER[actions[-1]] == "Off":
            until(lambda: self.processes() == [], "no process is left")
        else:
            (process,) = self.processes()
            another = ON in power_words(actions)
            assert (process not in found) == another, "each power-on is a process"
        with monitor:
            if found:
                self.look_at_events(actions, monitor)
        if actions == ("diag",):
            self.screen.await_line(INTERRUPTED)
        elif actions and AFTER[actions[-1]] == "On":
            until(lambda: not self.marked(), "the screen of another boot")
            self.await_system()

    @staticmethod
    def look_at_events(actions: tuple[str, ...], monitor: qmp.Monitor) -> None:
        """What QEMU told of resets and of the power button."""
        told = [event for event in monitor.until_now()
                if event["event"] in ("RESET", "POWERDOWN", "SHUTDOWN")]
        assert [event["event"] for event in told].count("POWERDOWN") == actions.count("soft"), told
        if "reset" in actions:
            assert [event["data"]["guest"] for event in told].count(False) == 1, told
        elif "soft" in actions:
            assert told[1]["event"] == "SHUTDOWN" and told[1]["data"]["guest"], told
        else:  # a process that is switched off has no time to say so
            assert not any(event["data"]["guest"] for event in told), told
            assert told == [] or OFF in power_words(actions), told

    def firmware(self) -> str:
        """What its firmware is, as its command line has it."""
        (process,) = self.processes()
        return "UEFI" if any("pflash" in word for word in command_line(process)) else "Legacy"

    def boots(self, device: str | None, act) -> None:
        """Acts, and looks what its command line puts first, and what its firmware then says."""
        said, id = self.DEVICES[device]
        before = self.processes()
        act()
        (process,) = until(lambda: [pid for pid in self.processes() if pid not in before],
                           "another process")
        assert boot_order(process)[0] == id
        until(lambda: any(said in line for line in self.screen.lines()), f"the screen says {said}")


def command_line(process: int) -> list[str]:
    """The words that a process was started with."""
    return pathlib.Path(f"/proc/{process}/cmdline").read_text().split("\0")


def boot_order(process: int) -> list[str]:
    """The devices that a process of QEMU boots from, in their order, as its command line has it."""
    devices = [json.loads(word) for word in command_line(process)
               if word.startswith("{") and '"bootindex"' in word]
    return [device["id"] for device in sorted(devices, key=lambda device: device["bootindex"])]


def simulated(folder: pathlib.Path) -> tuple[Demo, type, tuple]:
    """A demo of a simulated server that doesn't let anybody wait."""
    quick = folder / profile.write(folder, **profile.QUICK)
    return Demo(folder, "--profile", str(quick)), Watched, ()


def virtual(folder: pathlib.Path) -> tuple[Demo, type, tuple]:
    """A demo of a virtual machine: a demo's own disk, beside a CD and a network card."""
    disk = machine.demo_disk(folder)
    cd = machine.image(folder, "the CD")
    path = qmp.beside(folder / "bin", folder / "qmp")
    demo = Demo(folder, "--driver", "qemu", "--disk", str(disk), "--cd", str(cd), "--nic", "user",
                PATH=path)
    return demo, Machine, (folder / "qmp",)


def cases(clients) -> list:
    """Each client with each demo, as a test's parameters; with the simulated one only one way to log in
    by each: the others are tried where its journal shows all that it saw."""
    others = ("-3", "-key", "ipmitool-17")
    return [*(("simulated", client) for client in clients if not client.endswith(others)),
            *(pytest.param("virtual", client, marks=pytest.mark.machines) for client in clients)]
