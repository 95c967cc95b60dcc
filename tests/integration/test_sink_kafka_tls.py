"""TLS and passwords towards a real broker: who is let in, what is said otherwise, and what is never said."""

from pathlib import Path

import pytest

PASSWORD = "s3cret-of-alice"
SASL_SSL = {
    "listener.security.protocol.map": "MAIN:PLAINTEXT,PROXIED:SASL_SSL,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.proxied.plain.sasl.jaas.config":
        f'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="{PASSWORD}";',
}


@pytest.fixture
def secured(tailrace, pg_latest, own_kafka, tmp_path):
    """secured(NAME, *options, host=, env=) starts an agent of that name on the table `t`, towards a broker that asks for
    TLS and for alice's password. Its certificate is for localhost."""
    pg_latest.sql("CREATE TABLE t (id int PRIMARY KEY)")
    kafka = own_kafka(tls="DNS:localhost", settings=SASL_SSL)

    def start(name, *options, host="localhost", protocol="sasl_ssl", env=None):
        return tailrace.start(
            "run", "--source", pg_latest.url(), "--tables", "public.*", "--name", name, "--state", tmp_path / name,
            "--sink.brokers", f"{host}:{kafka.proxy.port}", "--sink.kafka.broker.address.family", "v4",
            "--sink.kafka.security.protocol", protocol, "--sink.kafka.sasl.mechanism", "PLAIN",
            "--sink.kafka.sasl.username", "alice", *options, env=env)
    start.kafka = kafka
    start.ca = ("--sink.kafka.ssl.ca.location", kafka.ca)
    start.password = ("--sink.kafka.sasl.password_env", "KAFKA_PASSWORD")
    start.env = {"KAFKA_PASSWORD": PASSWORD}
    return start


@pytest.mark.timeout(180)
def test_tls_and_passwords(secured, pg_latest, tmp_path):
    wrong = tmp_path / "password"
    wrong.write_text("wr0ng-of-alice\n")
    wrong.chmod(0o600)
    refused = {
        "no authority that is trusted": secured("stranger", *secured.password, env=secured.env),
        "another name": secured("elsewhere", *secured.ca, *secured.password, host="127.0.0.1", env=secured.env),
        "authentication": secured("mallory", *secured.ca, "--sink.kafka.sasl.password_file", wrong),
    }
    by_env = secured("env", *secured.ca, *secured.password, env=secured.env)
    by_flag = secured("flag", *secured.ca, "--sink.kafka.sasl.password", PASSWORD)
    for run in (by_env, by_flag, *refused.values()):
        run.wait_for_log("streaming")
        assert PASSWORD not in Path(f"/proc/{run.pid}/cmdline").read_text()
    pg_latest.sql("INSERT INTO t VALUES (1)")
    for name in ("env", "flag"):
        assert len(secured.kafka.wait_for_records(f"{name}.public.t", 1)) == 1

    # What is wrong is said at once, and the end of it is an error that trying again does not heal.
    said = {"no authority that is trusted": "not signed by an authority.*sink.kafka.ssl.ca.location",
            "another name": "certificate is for another name: sink.brokers",
            "authentication": r"Authentication failed.*Check security.protocol, sasl\.\*"}
    for what, run in refused.items():
        run.wait_for_log("does not let us in.*" + said[what])
        assert run.wait() == 2
    assert by_env.terminate() == 0 and by_flag.terminate() == 0
    assert secured.kafka.topics() == {"env.public.t": 1, "flag.public.t": 1}
    for run in (by_env, by_flag, *refused.values()):
        assert "of-alice" not in run.log

    # Nobody ever spoke in clear: each connection began with a TLS handshake.
    heard = [bytes(h) for h in secured.kafka.proxy.heard if h]
    assert len(heard) >= 5
    assert all(h[:2] == b"\x16\x03" and b"alice" not in h and b"tailrace" not in h for h in heard)

    clear = secured("clear", protocol="plaintext")
    clear.wait_for_log("streaming")
    pg_latest.sql("INSERT INTO t VALUES (2)")  # somebody waits
    clear.wait_for_log("no Kafka broker is reachable: waiting.*security.protocol")
    assert clear.terminate() == 0


def test_a_file_that_is_not_there_is_named(tailrace, pg_latest, tmp_path):
    done = tailrace.run("run", "--source", pg_latest.url(), "--state", tmp_path / "state", "--sink.brokers", "127.0.0.1:1",
                        "--sink.kafka.security.protocol", "ssl", "--sink.kafka.ssl.ca.location", tmp_path / "none.pem")
    assert done.code == 2
    assert f"sink.kafka.ssl.ca.location: cannot read {tmp_path / 'none.pem'}: No such file" in done.stderr
    assert pg_latest.value("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()") == 0
