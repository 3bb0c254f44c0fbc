"""Proxies and certificates of the environment, over both transports, with a real proxy and a real TLS server."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.conftest import FakeProvider
from workbench import providers
from workbench.providers import TestReport, transport
from workbench.providers.proxies import proxy_of
from workbench.values import Endpoint

Start = Callable[..., FakeProvider]
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=["httpx", "aiohttp"])
def calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many calls to expect, so that the client travels over one transport or the other."""
    monkeypatch.setattr(transport, "is_paid", lambda: False)
    return 1 if request.param == "httpx" else 1000


def report_of(base_url: str, calls: int) -> TestReport:
    async def ask() -> TestReport:
        async with providers.client(calls=calls) as client:
            return await providers.test_connection(client, Endpoint("openai-chat", base_url, "sk-test-0123456789", timeout_s=10.0))

    return asyncio.run(ask())


class Proxy:
    """A forward proxy on loopback that takes every name for this computer; `asked` is what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.credentials: list[str] = []
        self.refuse = b""
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *headers = head.splitlines()
        verb, target, _ = first.split()
        self.asked.append(f"{verb} {target}")
        self.credentials += [line.split(": ")[1] for line in headers if line.lower().startswith("proxy-authorization")]
        if self.refuse:
            writer.write(self.refuse)
            writer.close()
            return
        url = httpx.URL(target if verb != "CONNECT" else f"https://{target}")
        there, onward = await asyncio.open_connection("127.0.0.1", url.port)
        if verb == "CONNECT":
            writer.write(b"HTTP/1.1 200 ok\r\n\r\n")
        else:
            onward.write(head.replace(target, url.raw_path.decode()).encode())
        await asyncio.gather(_pump(reader, onward), _pump(there, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


class Models(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"data": [{"id": "m-1"}]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.pem` and, signed by it for localhost and models.example, `server.pem` (key and certificate)."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("certificates")
    now = datetime.now(UTC)

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    def begun(subject: str, key: ec.EllipticCurvePrivateKey, issuer: str) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
        return (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
        )

    authority, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = begun("House CA", authority, "House CA").add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    names = [x509.DNSName("localhost"), x509.DNSName("models.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = begun("server", server, "House CA").add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(pem))
    private = server.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + leaf.sign(authority, hashes.SHA256()).public_bytes(pem))
    return folder


@pytest.fixture
def tls_port(certificates: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Models)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that does not trust us hangs up
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    variable: str, calls: int, proxy: Proxy, fakeprovider: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = httpx.URL(fakeprovider().url).port
    monkeypatch.setenv(variable, proxy.url)
    assert report_of(f"http://models.example:{port}/v1", calls).ok
    assert proxy.asked == [f"GET http://models.example:{port}/v1/models"]


def test_a_proxy_gets_its_name_and_password(calls: int, proxy: Proxy, fakeprovider: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    port = httpx.URL(fakeprovider().url).port
    monkeypatch.setenv("HTTP_PROXY", f"127.0.0.1:{proxy.port}".join(("http://me:secret@", "")))
    assert report_of(f"http://models.example:{port}/v1", calls).ok
    assert proxy.credentials == ["Basic bWU6c2VjcmV0"]


def test_https_travels_through_the_proxy_and_is_verified_end_to_end(
    calls: int, proxy: Proxy, tls_port: int, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    refused = report_of(f"https://models.example:{tls_port}/v1", calls)
    assert refused.sentence.startswith(f"The certificate of models.example:{tls_port} could not be verified")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    assert report_of(f"https://models.example:{tls_port}/v1", calls).models == ("m-1",)
    assert proxy.asked == [f"CONNECT models.example:{tls_port}"] * 2


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
def test_certificates_of_the_environment_are_trusted(
    variable: str, calls: int, tls_port: int, certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://localhost:{tls_port}/v1"
    refused = report_of(url, calls)
    assert (refused.ok, getattr(refused.failure, "provider_code", "")) == (False, "certificate")
    place = certificates / "ca.pem"
    if variable == "SSL_CERT_DIR":
        place = tmp_path / "certs"
        place.mkdir()
        text = (certificates / "ca.pem").read_text()
        (place / f"{_subject_hash(certificates / 'ca.pem')}.0").write_text(text)
    monkeypatch.setenv(variable, str(place))
    assert report_of(url, calls).models == ("m-1",)


def _subject_hash(pem: Path) -> str:
    """The name under which OpenSSL looks for a certificate in a folder."""
    import shutil
    import subprocess

    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed here: apt-get install openssl")
    done = subprocess.run(["openssl", "x509", "-subject_hash", "-noout", "-in", str(pem)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_certificates_that_cannot_be_read_are_named(
    content: str | None, calls: int, tls_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "house.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    report = report_of(f"https://localhost:{tls_port}/v1", calls)
    assert report.sentence.startswith("The certificates that SSL_CERT_FILE names cannot be read (")
    assert report.sentence.endswith(f"{file}. Correct or unset SSL_CERT_FILE.")


def test_a_proxy_that_is_down_is_blamed_itself(calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for scheme in ("http", "https"):
        said = report_of(f"{scheme}://models.example/v1", calls).sentence
        assert said.startswith("No answer from the proxy 127.0.0.1:9. The environment sets it"), said


def test_a_proxy_that_refuses_is_told_with_its_words(calls: int, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    proxy.refuse = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    said = report_of("https://models.example/v1", calls).sentence
    assert said.startswith(
        f"The proxy 127.0.0.1:{proxy.port} refused the way to models.example: 407 Proxy Authentication Required. Write name"
    )


@pytest.mark.parametrize("address", ["socks5://127.0.0.1:9", "ht!tp://::", "ftp://proxy.example"])
def test_a_proxy_that_cannot_be_used_is_one_sentence_and_hinders_no_server_here(
    address: str, calls: int, fakeprovider: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", address)
    report = report_of("https://models.example/v1", calls)
    assert (report.ok, getattr(report.failure, "provider_code", "")) == (False, "proxy")
    assert "proxy" in report.sentence
    assert report_of(fakeprovider().base_url, calls).ok


EXCEPTIONS = [
    ("models.example", "http://models.example/v1", True),
    ("example", "http://models.example/v1", True),
    (".example", "http://models.example/v1", True),
    ("*.example", "http://models.example/v1", True),
    ("other.org, models.example", "http://models.example/v1", True),
    ("models.example:8000", "http://models.example:8000/v1", True),
    ("models.example:8000", "http://models.example/v1", False),
    ("models.example:443", "https://models.example/v1", True),
    ("ample", "http://models.example/v1", False),
    ("10.0.0.0/8", "http://10.2.3.4:8000/v1", True),
    ("10.0.0.0/8", "http://11.2.3.4/v1", False),
    ("10.2.3.4", "http://10.2.3.4/v1", True),
    ("fd00::/8", "http://[fd00::1]/v1", True),
    ("[fd00::1]:8000", "http://[fd00::1]:8000/v1", True),
    ("*", "http://models.example/v1", True),
    ("", "http://models.example/v1", False),
]


@pytest.mark.parametrize(("no_proxy", "url", "excepted"), EXCEPTIONS)
def test_no_proxy_names_who_is_asked_directly(no_proxy: str, url: str, excepted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_of(httpx.URL(url)) == (None if excepted else "http://proxy.example:3128")


def test_this_computer_is_never_asked_by_way_of_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    for host in ("localhost", "127.0.0.1", "127.8.8.8", "[::1]", "a.localhost"):
        assert proxy_of(httpx.URL(f"http://{host}:8000/v1")) is None
