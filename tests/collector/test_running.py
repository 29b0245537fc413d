"""Starting, ending, a full disk, slow and idle clients, TLS, the loader beside it."""

from __future__ import annotations

import http.client
import json
import resource
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from segmentloom_sync.collector.client_address import TrustedProxies
from segmentloom_sync.collector.key_file import KeyFile
from segmentloom_sync.collector.listening import Listening
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse.connect import connect
from tests.collector.running import RunningCollector, records, running, until
from tests.workspace import CLI, Workspace

EVENT = {"user_id": "u", "event": "x"}
HEAD = "POST /v1/track HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Length: {length}\r\n\r\n"


def connected(collector: RunningCollector, seconds: float = 40) -> socket.socket:
    return socket.create_connection(("127.0.0.1", collector.port), timeout=seconds)


def head(collector: RunningCollector, length: int) -> bytes:
    return HEAD.format(key=collector.secret, length=length).encode()


def refusal(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(CLI), "collect", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stderr


def test_what_hinders_a_start_is_said(tmp_path: Path) -> None:
    code, errors = refusal(tmp_path)
    assert (code, "segmentloom-sync keys create --name server" in errors) == (2, True)
    with running(tmp_path) as collector:
        code, errors = refusal(tmp_path, "--port", str(collector.port), "--spool", "other")
        assert (code, f"port {collector.port}: address already in use" in errors) == (2, True)
        code, errors = refusal(tmp_path, "--port", "0", "--spool", "spool")
        assert (code, "another collector uses the spool" in errors) == (2, True)
        assert f"pid {collector.process.pid}" in errors
    with pytest.raises(ConfigError, match="go together"):
        Listening.check("127.0.0.1", 0, tmp_path / "cert.pem")
    with pytest.raises(ConfigError, match="there is no file"):
        Listening.check("127.0.0.1", 0, tmp_path / "cert.pem", tmp_path / "key.pem")
    with pytest.raises(ConfigError, match="no address or network"):
        TrustedProxies(["proxy"])
    for host in ("198.51.100.1", "a" * 64):
        with pytest.raises(ConfigError, match=f"cannot listen on {host} port 0: "):
            Listening.check(host, 0)


@pytest.mark.parametrize("form", [["-aes256", "-passout", "pass:phrase"], ["-traditional"]])
def test_a_key_that_the_server_cannot_read_is_refused_without_a_question(
    form: list[str], tmp_path: Path
) -> None:
    cert, key = certificate(tmp_path)
    other = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "rsa", "-in", str(key), *form, "-out", str(other)], check=True, capture_output=True
    )
    with pytest.raises(ConfigError, match=r"other.pem is not in PKCS#8, or encrypted") as refused:
        Listening.check("127.0.0.1", 0, cert, other)
    subprocess.run(
        [*str(refused.value.hint).split(), "-passin", "pass:phrase"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert Listening.check("127.0.0.1", 0, cert, key).certificate == cert


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_and_has_sealed_what_it_took(tmp_path: Path, number: int) -> None:
    with running(tmp_path) as collector:
        idle = connected(collector)
        assert collector.post("/v1/track", EVENT).status == 200
        started = time.monotonic()
        code, errors = collector.stop(number)
        idle.close()
    assert (code, "stopped" in errors) == (0, True)
    assert time.monotonic() - started < 15
    assert [path.suffix for path in sorted(collector.spool.glob("*.*e*"))] == [".sealed"]


def test_while_it_drains_what_has_begun_is_finished_and_the_rest_is_asked_to_come_again(
    tmp_path: Path,
) -> None:
    body = json.dumps(EVENT).encode()
    with running(tmp_path) as collector:
        begun = connected(collector)
        begun.sendall(head(collector, len(body)) + body[:5])
        second = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=30)
        second.request("GET", "/healthz")
        second.getresponse().read()
        collector.process.send_signal(signal.SIGTERM)
        until(lambda: '"draining"' in collector.log.read_text())
        second.request("POST", "/v1/track", body, {"Authorization": f"Bearer {collector.secret}"})
        answer = second.getresponse()
        assert (answer.status, answer.getheader("retry-after")) == (503, "5")
        begun.sendall(body[5:])
        assert begun.recv(4096).startswith(b"HTTP/1.1 200")
        begun.close()
        second.close()
        assert collector.process.wait(30) == 0
    assert len(records(collector.spool)) == 1


def test_a_log_that_nobody_reads_holds_nobody_up(tmp_path: Path) -> None:
    KeyFile(tmp_path / "collector-keys.json").create("server")
    command = [str(CLI), "collect", "--port", "0", "--spool", "spool", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        collector = RunningCollector(tmp_path, process, url, "sk_x", "pk_x", "pk_x")
        for _ in range(1_000):  # more than a pipe holds
            assert collector.post("/v1/track", EVENT).status == 401
        assert collector.send("GET", "/readyz").status == 200
        process.kill()


def test_sigkill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    answered: list[str] = []
    with running(tmp_path) as collector:

        def send(name: int) -> None:
            try:
                for number in range(10_000):
                    event_id = f"{name}-{number}"
                    if collector.post("/v1/track", {**EVENT, "message_id": event_id}).status == 200:
                        answered.append(event_id)
            except (OSError, http.client.HTTPException):
                return

        senders = [threading.Thread(target=send, args=(name,)) for name in range(4)]
        for sender in senders:
            sender.start()
        until(lambda: len(answered) > 200, seconds=60)
        collector.process.kill()
        for sender in senders:
            sender.join()
    kept = {record["event"]["message_id"] for record in records(collector.spool)}
    assert len(answered) > 200
    assert set(answered) <= kept


@pytest.mark.slow
def test_slow_clients_are_given_up_and_hold_nobody_up(tmp_path: Path) -> None:
    with running(tmp_path) as collector:
        silent, partial, slow = (connected(collector) for _ in range(3))
        partial.sendall(b"POST /v1/track HTT")
        slow.sendall(head(collector, 500) + b"{")
        crowd = [connected(collector) for _ in range(500)]
        for one in crowd:
            one.sendall(head(collector, 500) + b"{")
        started = time.monotonic()
        assert collector.post("/v1/track", EVENT).status == 200
        assert time.monotonic() - started < 5
        assert silent.recv(100) == b""
        assert partial.recv(100) == b""
        assert 10 < time.monotonic() - started < 25
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")
        assert 25 < time.monotonic() - started < 45
        assert collector.peak_megabytes() < 150
        for one in (silent, partial, slow, *crowd):
            one.close()


def p99(collector: RunningCollector, requests: int = 200) -> float:
    """The seconds within which 99 of 100 events on one connection are answered; the best of five rounds."""
    body = json.dumps(EVENT)
    rounds = []
    connection = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=30)
    for _ in range(5):
        taken = []
        for _ in range(requests):
            begun = time.perf_counter()
            connection.request("POST", "/v1/track", body, {"Authorization": f"Bearer {collector.secret}"})
            answer = connection.getresponse()
            answer.read()
            taken.append(time.perf_counter() - begun)
            assert answer.status == 200
        rounds.append(sorted(taken)[requests * 99 // 100])
    connection.close()
    return min(rounds)


@pytest.mark.slow
def test_ten_thousand_idle_connections_cost_others_nothing(tmp_path: Path) -> None:
    needed = 10_500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        pytest.skip(f"needs {needed:,} open files at once; the limit is {hard:,}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    with running(tmp_path) as collector:
        alone = p99(collector)
        crowd = [connected(collector) for _ in range(10_000)]
        began = time.monotonic()
        beside = p99(collector)
        assert collector.peak_megabytes() < 150
        assert beside < 2 * alone + 0.002
        assert [one.recv(1) for one in crowd] == [b""] * 10_000
        assert time.monotonic() - began < 45
        for one in crowd:
            one.close()


@pytest.mark.parametrize("is_half_closed", [True, False])
def test_a_client_that_ends_in_the_middle_leaves_nothing(tmp_path: Path, is_half_closed: bool) -> None:
    body = json.dumps(EVENT).encode()
    with running(tmp_path) as collector:
        for sent in (b"POST /v1/tr", head(collector, len(body)), head(collector, len(body)) + body[:-1]):
            with connected(collector, 10) as connection:
                connection.sendall(sent)
                if is_half_closed:
                    connection.shutdown(socket.SHUT_WR)
                    assert not connection.recv(4096).startswith(b"HTTP/1.1 2")
        # The request that asks is one itself.
        until(lambda: b"requests_in_flight 1\n" in collector.send("GET", "/metrics").body)
        assert collector.post("/v1/track", EVENT).status == 200
        assert collector.stop()[0] == 0
    assert len(records(collector.spool)) == 1


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem", folder / "key.pem"


def test_tls_with_its_own_certificate(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    with running(tmp_path, "--tls-cert", str(cert), "--tls-key", str(key)) as collector:
        assert collector.url.startswith("https://")
        context = ssl.create_default_context(cafile=str(cert))
        connection = http.client.HTTPSConnection("127.0.0.1", collector.port, context=context, timeout=30)
        connection.request(
            "POST", "/v1/track", json.dumps(EVENT), {"Authorization": f"Bearer {collector.secret}"}
        )
        assert connection.getresponse().status == 200
        connection.close()
        old = ssl.create_default_context(cafile=str(cert))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        plain = socket.create_connection(("127.0.0.1", collector.port))
        with old.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped:
            assert wrapped.version() == "TLSv1.2"
        older = ssl.create_default_context(cafile=str(cert))
        older.set_ciphers("DEFAULT:@SECLEVEL=0")  # else it is this side that refuses
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            older.minimum_version = older.maximum_version = ssl.TLSVersion.TLSv1_1
        with (
            socket.create_connection(("127.0.0.1", collector.port)) as plain,
            pytest.raises(ssl.SSLError, match=r"ALERT|alert"),
        ):
            older.wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_full_disk_is_answered_with_503_until_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    try:
        with running(tmp_path, "--spool", str(disk / "spool")) as collector:
            statuses: list[int] = []
            batch = {"batch": [{**EVENT, "properties": {"a": "a" * 5_000}}] * 20}
            while 503 not in statuses and len(statuses) < 100:
                answer: Any = collector.post("/v1/batch", batch)
                statuses.append(answer.status)
            assert set(statuses) == {200, 503}
            assert answer.headers["retry-after"] == "5"
            assert collector.send("GET", "/readyz").status == 503
            assert collector.send("GET", "/healthz").status == 200
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            until(lambda: collector.post("/v1/track", EVENT).status == 200)
            assert collector.stop()[0] == 0
        assert len(records(disk / "spool")) == statuses.count(200) * 20 + 1
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_it_loads_now_and_then_by_itself(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "project")
    KeyFile(workspace.path / "collector-keys.json").create("other")
    with running(tmp_path, "--load-every", "5", "--project-dir", str(workspace.path)) as collector:
        assert collector.post("/v1/track", {**EVENT, "message_id": "loaded"}).status == 200
        accepted = time.monotonic()
        until(lambda: landed(workspace), seconds=60)
        assert time.monotonic() - accepted < 15
        found = landed(workspace)
        code, log = collector.stop()
    assert (code, found) == (0, [("loaded",)])
    assert '"what": "loaded"' in log


def landed(workspace: Workspace) -> list[Any]:
    """The ids in S_raw.events, as far as the file can be read."""
    from segmentloom_sync.errors import SegmentloomError

    if not (workspace.path / "warehouse.duckdb").exists():
        return []
    try:
        warehouse = connect(Project.find(workspace.path), read_only=True)
    except SegmentloomError:
        return []
    try:
        return [
            tuple(row)
            for row in warehouse.rows(f"select event_id from {warehouse.relation('events', 'raw')}")
        ]
    except SegmentloomError:
        return []
    finally:
        warehouse.close()
