"""Who may reach a gateway, and what it withstands."""

from __future__ import annotations

import datetime as dt
import logging
import socket
import ssl
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from telemetry.errors import ConfigurationError, PortInUseError
from telemetry.export.gateway import Access, admit

from .conftest import MakeGateway
from .journals import counter, hold, write_journal

TOKEN = "0123456789abcdef0123"


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """A file with a token."""
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    return path


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "tls.crt", tmp_path / "tls.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return paths


def test_this_machine_needs_nothing() -> None:
    """Loopback is the default, in each of its spellings."""
    for host in ("127.0.0.1", "::1", "localhost", "127.8.8.8"):
        assert admit(host, 0).token is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_others_need_tls_and_a_token(host: str, token_file: Path, certificate: tuple[Path, Path]) -> None:
    """Whatever other machines can reach is refused unless both are given; the message says what is missing."""
    with pytest.raises(ConfigurationError, match=r"give --tls-cert and --token-file too, or --host 127\.0\.0\.1"):
        admit(host, 0)
    with pytest.raises(ConfigurationError, match="give --tls-cert too"):
        admit(host, 0, token_file=token_file)
    with pytest.raises(ConfigurationError, match="give --token-file too"):
        admit(host, 0, certificate=certificate[0], private_key=certificate[1])
    access = admit(host, 0, certificate=certificate[0], private_key=certificate[1], token_file=token_file)
    assert access.tls is not None


@pytest.mark.parametrize("content", ["", "short", "two words of more than sixteen", "é" * 20, "x" * 5000])
def test_poor_tokens_are_refused(tmp_path: Path, content: str) -> None:
    """A token has to be one word of some length; the message shows how to make one, and never the token."""
    path = tmp_path / "token"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="openssl rand") as error:
        admit("127.0.0.1", 0, token_file=path)
    assert not content or content not in str(error.value)


def test_files_that_cannot_be_used_are_explained(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    """Each message names the option or the file."""
    with pytest.raises(ConfigurationError, match=r"absent: No such file"):
        admit("127.0.0.1", 0, token_file=tmp_path / "absent")
    with pytest.raises(ConfigurationError, match=r"is no certificate with its key"):
        admit("127.0.0.1", 0, certificate=certificate[1])
    with pytest.raises(ConfigurationError, match=r"give --tls-cert too"):
        admit("127.0.0.1", 0, private_key=certificate[1])
    with pytest.raises(ConfigurationError, match="give an address of this machine"):
        admit("no.such.host.invalid", 0)


def test_token_is_asked_for(folder: Path, make_gateway: MakeGateway, token_file: Path) -> None:
    """Without it there is nothing but whether the gateway is up; any other one is as good as none."""
    hold(folder, write_journal(folder, [counter("jobs_total", 1.0, "a")]))
    gateway = make_gateway(access=admit("127.0.0.1", 0, token_file=token_file))
    assert httpx.get(gateway.url + "/healthz", verify=False, trust_env=False).status_code == 200
    for header in ("", "Bearer", "Bearer wrong", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer \xff"):
        for path in ("/metrics", "/readyz", "/else"):
            shown = {b"authorization": header.encode("latin-1")}
            answer = httpx.get(gateway.url + path, headers=shown, verify=False, trust_env=False)
            assert answer.status_code == 401, header
            assert answer.headers["www-authenticate"] == 'Bearer realm="telemetry"'
            assert "jobs" not in answer.text
    for scheme in ("Bearer", "bearer"):
        headers = {"authorization": f"{scheme} {TOKEN}"}
        assert "jobs_total" in httpx.get(gateway.url + "/metrics", headers=headers, verify=False, trust_env=False).text


def test_token_is_never_shown(
    token_file: Path, make_gateway: MakeGateway, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an answer, nor an output, nor a log, nor the text of an object has it."""
    caplog.set_level(logging.DEBUG)
    access = admit("127.0.0.1", 0, token_file=token_file)
    gateway = make_gateway(access=access)
    headers = {"authorization": f"Bearer {TOKEN}"}
    shown = [repr(access), repr(gateway)]
    for path in ("/metrics", "/readyz", "/else"):
        answer = httpx.get(gateway.url + path, headers=headers, verify=False, trust_env=False)
        shown += [answer.text, str(answer.headers)]
    gateway.turn()
    shown += [
        capfd.readouterr().err,
        "".join(record.getMessage() for record in caplog.records if record.name != "httpx"),
    ]
    assert not any(TOKEN in text for text in shown)


def test_tls_is_spoken(
    folder: Path, make_gateway: MakeGateway, certificate: tuple[Path, Path], token_file: Path
) -> None:
    """With a certificate there is HTTPS only; who trusts it and has the token is served."""
    hold(folder, write_journal(folder, [counter("jobs_total", 1.0, "a")]))
    access = admit("127.0.0.1", 0, certificate=certificate[0], private_key=certificate[1], token_file=token_file)
    gateway = make_gateway(access=access)
    assert gateway.url.startswith("https://")
    url = gateway.url.replace("127.0.0.1", "localhost")
    context = ssl.create_default_context(cafile=str(certificate[0]))
    with httpx.Client(verify=context, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        assert "jobs_total" in client.get(url + "/metrics").text
        assert client.get(url + "/readyz").status_code == 200
    with pytest.raises(httpx.TransportError):
        httpx.get(gateway.url.replace("https", "http") + "/healthz", verify=False, trust_env=False)


def test_slow_handshakes_hold_up_nobody(
    make_gateway: MakeGateway, certificate: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    """Clients that connect and say nothing, or no TLS, cost nobody else anything, and leave no trace."""
    gateway = make_gateway(access=admit("127.0.0.1", 0, certificate=certificate[0], private_key=certificate[1]))
    port = int(gateway.url.rpartition(":")[2])
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    for client in idle[:4]:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
    began = monotonic()
    context = ssl.create_default_context(cafile=str(certificate[0]))
    url = gateway.url.replace("127.0.0.1", "localhost")
    assert httpx.get(url + "/healthz", verify=context, trust_env=False).text == "ok\n"
    assert monotonic() - began < 2
    for client in idle:
        client.close()
    assert capfd.readouterr().err == ""


def test_flood_of_connections_is_bounded(make_gateway: MakeGateway) -> None:
    """More clients than are answered at once are hung up on; when they are gone, it answers again."""
    gateway = make_gateway()
    port = int(gateway.url.rpartition(":")[2])
    clients = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(60)]
    sleep(0.3)
    for client in clients:
        client.close()
    end = monotonic() + 5
    while monotonic() < end:
        try:
            assert httpx.get(gateway.url + "/healthz", verify=False, trust_env=False).text == "ok\n"
        except httpx.TransportError:
            sleep(0.05)
        else:
            return
    raise AssertionError("it answers nobody any more")


def test_taken_port_is_explained(make_gateway: MakeGateway) -> None:
    """The message names the option."""
    port = int(make_gateway().url.rpartition(":")[2])
    with pytest.raises(PortInUseError, match="give another --port"):
        make_gateway(access=Access(port=port))
