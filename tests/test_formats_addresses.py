"""Which addresses lie in this house, and which send keys and prompts unencrypted beyond it."""

from __future__ import annotations

import pytest

from workbench.formats.addresses import is_near, plain_http_warning

NEAR = [
    "localhost", "LOCALHOST", "localhost.", "models.localhost", "nas", "nas.local", "nas.local.",
    "box.lan", "gpu.home.arpa", "llm.internal",
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.1", "192.168.1.7", "169.254.1.7",
    "100.64.0.1", "100.100.100.100", "100.127.255.254",  # a tailnet: encrypted on its way, and never reached over the open internet
    "::1", "[::1]", "fe80::1", "fe80::1%eth0", "fd00::1", "fd7a:115c:a1e0::1", "::ffff:127.0.0.1", "::ffff:192.168.1.7",
]  # fmt: skip
FAR = [
    "api.openai.com", "example.com.", "8.8.8.8", "172.32.0.1", "172.15.255.255", "192.169.0.1", "100.63.255.255",
    "100.128.0.1", "169.253.1.1",
    "2001:4860:4860::8888", "[2606:4700::1111]", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "134744072",
    "localhost.example.com", "local", "notlocalhost.com", "mylocal.com", "127.0.0.1.nip.io", "10.0.0.1.example.com", "224.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", NEAR)
def test_an_address_in_this_house_may_be_plain_http(host: str) -> None:
    assert is_near(host)
    assert plain_http_warning(f"http://{f'[{host}]' if ':' in host and '[' not in host else host}:8000/v1") == ""


@pytest.mark.parametrize("host", [host for host in FAR if host != "local"])
def test_plain_http_beyond_this_house_is_warned_of(host: str) -> None:
    assert not is_near(host)
    written = f"[{host}]" if ":" in host and "[" not in host else host
    assert "unencrypted" in plain_http_warning(f"http://{written}:8000/v1")
    assert "unencrypted" in plain_http_warning(f" HTTP://{written}/v1 ")
    assert plain_http_warning(f"https://{written}/v1") == ""


@pytest.mark.parametrize("text", ["", "http://", "http://[::1", "nonsense", "ftp://example.com", "http:///v1"])
def test_what_is_no_address_is_not_warned_of(text: str) -> None:
    assert plain_http_warning(text) == ""
