"""ipmitool, unmodified and with no flag for faulty BMCs: power, light, and all that it tells, in every
way to log in.

Each change is read back through Redfish and by what the simulated machine itself saw.
"""

import pytest

from support import ipmi, reads
from support.ipmi import HARD, NMI, ON, RESET, SOFT
from support.waiting import until

# Each: the words after `power`, the power before and in the end, what ipmitool says, and what the
# machine must have seen, in this order.
POWER = [
    ("on", "Off", "On", "Up/On", ON),
    ("on", "On", "On", "Up/On", []),
    ("diag", "On", "On", "Diag", NMI),
    ("reset", "On", "On", "Reset", RESET),
    ("cycle", "On", "On", "Cycle", HARD + ON),
    ("soft", "On", "Off", "Soft", SOFT),
    ("off", "Off", "Off", "Down/Off", []),
    ("off", "On", "Off", "Down/Off", HARD),
]


def test_the_bmc_key_is_needed_where_it_was_set_and_nowhere_else(ways):
    keyed = ways["bmc-key"]
    for wrong in ("", "another-key-of-a-bmc"):
        other = ipmi.Lan(keyed.lan.address, bmc_key=wrong)
        assert "Unable to establish" in other.ipmitool("power", "status").badly()
    assert "Chassis Power is" in keyed.ipmitool("power", "status")
    # It is not read back: the same command that sets it, with the operation that reads, is refused.
    assert "rsp=0xd4" in keyed.refused("raw", "0x06", "0x56", "0x01", "0x00", "0x01")


@pytest.mark.parametrize("word, before, after, said, evidence", POWER,
                         ids=[f"{word}-{before}" for word, before, *_ in POWER])
def test_power(ways, word, before, after, said, evidence):
    def check(server):
        def act():
            assert said in server.ipmitool("chassis", "power", word)
        server.obeys(act, before, after, evidence)
        until(lambda: f"Chassis Power is {after.lower()}" in server.ipmitool("power", "status"),
              "ipmitool tells it too")
    ipmi.each(ways, check)


@pytest.mark.parametrize("word", ["cycle", "reset", "diag"])
def test_what_means_nothing_while_off_is_refused_and_presses_nothing(ways, word):
    def check(server):
        server.settle("Off")
        seen = len(server.saw())
        assert "Command not supported in present state" in server.refused("power", word)
        assert server.saw()[seen:] == [] and server.system("PowerState") == "Off"
    ipmi.each(ways, check)


def test_the_identify_light_goes_out_after_its_time(ways):
    def lit(server) -> bool:
        return server.system("LocationIndicatorActive")

    def check(server):
        seen = len(server.saw())
        server.ipmitool("chassis", "identify", "2")
        server.await_sight(["identify-on"], since=seen)
        server.await_sight(["identify-on", "identify-off"], since=seen)
        assert not lit(server)
        seen = len(server.saw())
        server.ipmitool("chassis", "identify", "force")
        assert lit(server)
        server.ipmitool("chassis", "identify", "0")
        assert not lit(server)
        server.await_sight(["identify-on", "identify-off"], since=seen)
    ipmi.each(ways, check)


@pytest.mark.parametrize("read", reads.ALL, ids=[read.__name__ for read in reads.ALL])
def test_what_it_tells(ways, read):
    ipmi.each(ways, read)
