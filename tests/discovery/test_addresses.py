"""Which addresses are announced."""

import ipaddress

import pytest

from wyoming_voiceclone.discovery.addresses import Interface, announced, local_interfaces

ANY_IPV4 = "0.0.0.0"  # noqa: S104 -- announced, not bound
LAPTOP = [
    Interface("lo", "127.0.0.1"),
    Interface("lo", "::1"),
    Interface("docker0", "172.17.0.1"),
    Interface("br-4f2a", "172.18.0.1"),
    Interface("wlan0", "192.0.2.9"),
    Interface("eth0", "192.0.2.20"),
    Interface("eth0", "2001:db8::20"),
    Interface("eth0", "fe80::20%2"),
    Interface("eth0", "169.254.7.7"),
]


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ([ANY_IPV4], ("192.0.2.9", "192.0.2.20")),
        (["::"], ("2001:db8::20",)),
        ([ANY_IPV4, "::"], ("192.0.2.9", "192.0.2.20", "2001:db8::20")),
        (["192.0.2.9"], ("192.0.2.9",)),
        (["127.0.0.1"], ("127.0.0.1",)),
        (["172.17.0.1"], ("172.17.0.1",)),
        (["203.0.113.1"], ()),
        ([], ()),
    ],
)
def test_a_server_is_announced_where_it_can_be_reached(
    hosts: list[str], expected: tuple[str, ...]
) -> None:
    assert announced(hosts, LAPTOP) == expected


def test_without_a_network_there_is_nothing_to_announce() -> None:
    assert announced([ANY_IPV4, "::"], LAPTOP[:3]) == ()


def test_a_link_local_ipv4_address_is_better_than_none() -> None:
    assert announced([ANY_IPV4, "::"], LAPTOP[-2:]) == ("169.254.7.7",)


def test_the_addresses_of_this_machine_are_addresses() -> None:
    found = [ipaddress.ip_address(interface.address) for interface in local_interfaces()]
    assert ipaddress.ip_address("127.0.0.1") in found
