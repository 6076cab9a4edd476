"""What nobody should send to an IPMI port: it does no harm, takes no memory, and shuts nobody out."""

import pytest

from support.bmc import Demo
from support.load import attack, resident

# How much more memory a daemon may hold after an attack, in MiB: its event log, of bounded length,
# also keeps in memory what was logged of it.
GROWTH = 4

# A hang limit for the largest attack, on a busy machine.
LIMIT = 1800


@pytest.fixture
def bmc(running, tmp_path):
    """A demo whose owner logs in from 127.0.0.1."""
    return running(Demo(tmp_path, "--ipmi", "127.0.0.1:0"))


@pytest.fixture
def share(request):
    """What is done of each count: a tenth, or all."""
    return lambda count: count // (1 if request.config.getoption("all_attacks") else 10)


def test_changed_and_cut_datagrams_do_no_harm(bmc, share):
    """Before sessions and in them, sealed rightly and wrongly; a parallel client is served."""
    attack(bmc.daemon, "mutate", "--count", "1000", limit=LIMIT)  # all that is ever needed is there
    before = resident(bmc.daemon)
    count = share(100_000)
    came = attack(bmc.daemon, "mutate", "--count", str(count), "--seed", "7", limit=LIMIT)
    assert sum(came["changed"].values()) == count
    assert all(sent > 0 for sent in came["changed"].values()), came
    assert came["cut"] > 2000
    assert resident(bmc.daemon) - before < GROWTH, came
    # The other ways in are as they were, too.
    assert bmc.client().power() in ("On", "Off", "PoweringOn", "PoweringOff")


@pytest.mark.parametrize("flood", [64, 2000, 100_000])
def test_half_open_sessions_keep_no_owner_out(bmc, share, flood):
    """All from one address, which is not the owner's."""
    attack(bmc.daemon, "half-open", "--count", "640", limit=LIMIT)
    before = resident(bmc.daemon)
    count = flood if flood <= 2000 else share(flood)
    came = attack(bmc.daemon, "half-open", "--count", str(count), limit=LIMIT)
    assert came["sent"] == count
    assert came["opened"] > 0
    assert resident(bmc.daemon) - before < GROWTH, came


@pytest.mark.parametrize("how", [[], ["--prove"]], ids=["opened", "asked for the proof"])
def test_half_open_sessions_of_many_addresses_keep_no_owner_out(bmc, share, how):
    """The pool of all setups is full, not only one source's share of it."""
    count = share(100_000)
    came = attack(bmc.daemon, "half-open", "--count", str(count), "--sources", "1000", *how,
                  limit=LIMIT)
    assert came["opened"] > count // 2
    # Then it is full of those that went on, and others come.
    came = attack(bmc.daemon, "half-open", "--count", str(count), limit=LIMIT)
    assert came["opened"] > count // 2
