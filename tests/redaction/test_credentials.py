"""Which texts hold a credential, which do not, and that finding out takes linear time."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.contracts import REDACTED, without_credentials

_40 = "a1B2c3D4e5" * 4
_HEX = "0123456789abcdef"
_PEM = "-----BEGIN {0}-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END {0}-----"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SECRETS = {
    "aws access key": ("AKIA" + "IOSFODNN7EXAMPLE"[:16], ""),
    "aws session": ("ASIA" + "IOSFODNN7EXAMPLE"[:16], ""),
    "aws secret by name": (_40, "aws_secret_access_key = {}"),
    "aws presigned": (_HEX * 4, "GET https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature={}&x=1"),
    "aws presigned token": ("IQoJb3JpZ2luX2VjE" + _40, "https://b/k?X-Amz-Security-Token={}"),
    "google api key": ("AIza" + "SyA" + _40[:32], "key {}"),
    "google oauth": ("ya29." + _40, "got {}"),
    "google client": ("GOCSPX-" + _40[:28], ""),
    "google signed": (_HEX * 8, "https://storage.googleapis.com/b/o?X-Goog-Signature={}"),
    "azure sas": ("x%2FyZ9" + _40 + "%3D", "https://a.blob.core.windows.net/c?sv=2024-01-01&se=2030&sig={}&sp=r"),
    "azure storage": (_40 + _40 + "==", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=x"),
    "azure bus": (_40 + "=", "Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={}"),
    "azure client": ("abc8Q~" + _40[:34], "used {}"),
    "github": ("ghp_" + _40[:36], ""),
    "github app": ("ghs_" + _40[:36], "remote: {}"),
    "github fine": ("github_pat_" + _40 + "_" + _40, ""),
    "gitlab": ("glpat-" + _40[:20], ""),
    "gitlab deploy": ("gldt-" + _40[:20], ""),
    "gitlab job": ("glcbt-64_" + _40[:20], ""),
    "slack bot": ("xoxb-1234567890-" + _40[:24], ""),
    "slack app": ("xapp-1-A0123-" + _40, ""),
    "slack hook": ("T0001/B0001/" + _40[:24], "POST https://hooks.slack.com/services/{}"),
    "stripe": ("sk_live_" + _40[:24], ""),
    "stripe restricted": ("rk_test_" + _40[:24], ""),
    "stripe hook": ("whsec_" + _40[:32], ""),
    "twilio": ("SK" + _HEX * 2, "sid {}"),
    "sendgrid": ("SG." + _40[:22] + "." + _40 + "abc", ""),
    "npm": ("npm_" + _40[:36], ""),
    "npmrc": (_40, "//registry.npmjs.org/:_authToken={}"),
    "npmrc basic": (_base64("ci:hunter2"), "//registry.example/:_auth={}"),
    "pypi": ("pypi-AgEIcHlwaS5vcmc" + _40, ""),
    "docker": ("dckr_pat_" + _40[:27], ""),
    "docker config": (_base64("ci:hunter2"), '{{"auths": {{"r.example": {{"auth": "{}"}}}}}}'),
    "openai": ("sk-proj-" + _40, ""),
    "hugging face": ("hf_" + "aBcDeFgHiJ" * 3 + "kLmN", ""),
    "vault": ("hvs.CAESI" + _40, ""),
    "databricks": ("dapi" + _HEX * 2, ""),
    "digital ocean": ("dop_v1_" + _HEX * 4, ""),
    "shopify": ("shpat_" + _HEX * 2, ""),
    "atlassian": ("ATATT3xFfGF0" + _40, ""),
    "telegram": ("123456789:AA" + _40[:33], "bot {}"),
    "jwt": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0", "got {}"),
    "jwe": ("eyJhbGciOiJkaXIifQ.eyJzdWIiOiIx..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIz.XFBoMYUZodetZdv", "got {}"),
    "bearer": ("abc.def-123456", "sent Bearer {}"),
    "authorization": ("Token abc def", "Authorization: {}"),
    "proxy": (_base64("ci:hunter2"), "Proxy-Authorization: Basic {}"),
    "cookie": ("sid=31d4d96e407aad42", "Set-Cookie: {}"),
    "curl": ("hunter2", "curl -s -u ci:{} https://x"),
    "sshpass": ("hunter2", "sshpass -p {} ssh ci@host"),
    "url": ("p@ss:w0rd", "postgres://ci:{}@db:5432/x"),
    "mongo": ("hunter2", "mongodb+srv://ci:{}@cluster0.example/x"),
    "url token": (_HEX * 2, "https://{}@o1.ingest.sentry.io/1"),
    "mysql dsn": ("hunter2", "ci:{}@tcp(127.0.0.1:3306)/x"),
    "oracle": ("hunter2", "jdbc:oracle:thin:ci/{}@//db:1521/x"),
    "odbc": ("hunter2", "Driver=x;Server=db;Uid=ci;Pwd={};"),
    "kubeconfig token": ("abcDEF123.x-y", "users:\n- user:\n    token: {}\n"),
    "kubeconfig key": (_base64(_PEM.format("RSA PRIVATE KEY")), "client-key-data: {}"),
    "base64 of a key": (_base64(_PEM.format("EC PRIVATE KEY")), "data {}"),
    "ssh body": (_base64("openssh-key-v1\0none none none none"), "wrote {}"),
    "age": ("AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN" * 3, ""),
    "rsa": (_PEM.format("RSA PRIVATE KEY"), "wrote {} to disk"),
    "pkcs8": (_PEM.format("ENCRYPTED PRIVATE KEY"), ""),
    "ssh": (_PEM.format("OPENSSH PRIVATE KEY"), ""),
    "pgp": (_PEM.format("PGP PRIVATE KEY BLOCK"), ""),
    "escaped pem": (_PEM.format("PRIVATE KEY").replace("\n", "\\n"), '{{"key": "{}"}}'),
    "assigned in Go": ("hunter2secret", "password := {}"),
    "assigned in make": ("hunter2secret", "DB_PASSWORD ?= {}"),
    "compared": ("hunter2secret", 'if password == "{}":'),
    "pair": ("hunter2secret", "sent [('password', '{}'), ('user', 'ci')]"),
    "pair of bytes": ("hunter2's ecret", "sent [(b'authorization', b\"{}\")]"),
    "pair of JSON": ("hunter2secret", '["api_key","{}"]'),
    "short pair": ("four", '["pwd","{}"]'),
    "escaped pair": ("hunter2secret", '{{"sent": "[\\"api_key\\", \\"{}\\"]"}}'),
    "listed option": ("hunter2secret", "ran ['deploy', '--registry-password', '{}', '-v']"),
    "option": ("hunter2", "deploy --registry-password {} -v"),
}


@pytest.mark.parametrize("kind", SECRETS)
def test_credentials_are_taken_out(kind: str) -> None:
    """Of the secret no part of eight characters is left; a second pass changes nothing."""
    secret, around = SECRETS[kind]
    text = (around or "used {} here").format(secret)
    shown = without_credentials(text)
    assert REDACTED in shown
    pieces = {secret[at : at + 8] for at in range(max(1, len(secret) - 7))}
    assert not [piece for piece in pieces if piece in shown]
    assert without_credentials(shown) == shown


_SHA256 = hashlib.sha256(b"x").digest()

HARMLESS = [
    "1b2c6c0d3c5abf0b78c7d4d25e99f523f364a6b1",
    "merge 1b2c6c0 into 3c5abf0",
    str(uuid.UUID(int=0x1234567890ABCDEF1234567890ABCDEF)),
    "sha256:" + _SHA256.hex(),
    "sha512-" + base64.b64encode(hashlib.sha512(b"x").digest()).decode(),
    base64.b64encode(_SHA256).decode(),
    "registry.example/team/image@sha256:" + _SHA256.hex(),
    "/usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h",
    "C:\\Users\\ci\\AppData\\Local\\Temp\\build-1234\\main.obj",
    "src/task_runner/disk-usage/sk-learn/ask_me_about_this_long_name.py",
    "main.c:12:34: warning: unused variable 'token_kind' [-Wunused-variable]",
    "error[E0308]: mismatched types: expected `u32`, found `&str`",
    "ld: symbol(s) not found for architecture arm64: _ZN4core3fmt9Formatter9write_str17h0123456789abcdefE",
    "Traceback (most recent call last):\n  File \"/srv/app.py\", line 12, in main\nKeyError: 'backend'",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIE\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----",
    "certificate-authority-data: " + _base64(_PEM.format("CERTIFICATE")),
    _base64(_PEM.format("PUBLIC KEY")),
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000 ci@host",
    "age1qpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9x8gf2tvdw0s3jn54khc",
    "docker run -u 1000:1000 image",
    "http://localhost:4318/v1/traces?by=me@example.org",
    "git@github.com:team/repository.git",
    "ssh://git@example.org/x.git",
    "pypi-publish-workflow-for-all-packages",
    "npm_config_registry_of_the_whole_company_and_more",
    "uv pip install some-very-long-package-name-with-dashes==1.2.3",
    "significant=1&signal=2",
    "2026-01-02T03:04:05.678901234Z",
    "hmac:0123456789abcdef",
    "00-4b67809ad4882d46a9790f7ef7a23053-b6e92f3dac476235-01",
    "gen_ai.usage.input_tokens=120",
    "fields ['token', 'name', 'region'] are missing, and 'password', 'user' too",
    "['--password', '--verbose']",
    "('tokens', '120')",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_stays(text: str) -> None:
    """Ids, digests, paths, public keys and what compilers say pass as they are."""
    assert without_credentials(text) == text
    assert without_credentials(f"ran with {text} today") == f"ran with {text} today"


@given(st.binary(min_size=20, max_size=64))
def test_digests_stay(content: bytes) -> None:
    """Hexadecimal digests of any content are never taken for a key."""
    text = f"wrote {hashlib.sha256(content).hexdigest()} and {hashlib.sha1(content).hexdigest()}"
    assert without_credentials(text) == text


_SEEDS = [
    "AKIA", "AIza", "ATATT3", "8Q~", "SK0", "dapi0", "LS0tLS1CRUdJTi", "b3BlbnNzaC1rZXktdjE", "ghp_", "github_pat_",
    "npm_", "sk_live_", "whsec_", "sk_a", "hf_", "shpat_", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ",
    "Private-Lines: 1 ", "AGE-SECRET-KEY-1", "glpat-", "xoxb-", "sk-", "pypi-AgE", "GOCSPX-", "key-0", "eyJaaaaa.",
    "eyJaaaaa.aaaaa.", "SG.", "SG.aaaaaaaaaaaaaaaa.", "ya29.", "hvs.", "hooks.slack.com/a/", "Bearer ", "Basic ",
    "--token ", "--a-", "('token', '", "('token', \\\"", "('token', 'a\\", "'--token', '", "(\"a.",
    "curl -u a:", " -u a", "sshpass -p ", "://", "://a:", "https://a", "a@tcp(", "a:b@tcp(",
    "jdbc:oracle:a:b/", "1:AA", ":_auth=", '"auth":"', "&sig=", "?x-amz-signature=", "authorization:", "token=", "api_",
    "a-", "a.", "_", ":", "=", " ", "\\\"", "'",
]  # fmt: skip


@given(st.lists(st.sampled_from(_SEEDS), min_size=1, max_size=4).map("".join))
def test_no_text_takes_more_than_linear_time(seed: str) -> None:
    """Eight times the text takes no more than some twenty times the time, whatever it is made of."""
    small, large = (seed * (size // len(seed) + 1) for size in (4_000, 32_000))
    without_credentials(small)
    assert _seconds(large) < 20 * _seconds(small) + 0.05


def _seconds(text: str) -> float:
    best = float("inf")
    for _ in range(2):
        started = time.process_time()
        without_credentials(text)
        best = min(best, time.process_time() - started)
    return best
