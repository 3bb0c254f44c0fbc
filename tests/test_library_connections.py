"""Connections and models: vendors as rows, addresses, where keys may go, what a run freezes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from workbench.library.connections import Connections
from workbench.library.keys import Keys
from workbench.library.vendors import vendors
from workbench.store.database import Database
from workbench.values import BadInput, Endpoint, Missing, ModelSpec, NotFound, Price


@pytest.fixture
def connections(database: Database) -> Connections:
    return Connections(database, Keys(), lambda vendor, model, url: Price(Decimal(1), Decimal(2)) if model == "gpt-x" else Price())


def test_vendors_are_rows_with_an_address_and_a_place_for_the_key() -> None:
    rows = {row.id: row for row in vendors()}
    assert {"openai", "openrouter", "groq", "mistral", "deepseek", "together", "fireworks", "xai", "huggingface", "azure", "ollama"} <= set(
        rows
    )
    assert {"lm-studio", "llama-server", "vllm", "other", "builtin"} <= set(rows)
    for row in rows.values():
        assert row.place in ("cloud", "server", "builtin", "hand")
        if row.place == "cloud" and row.id != "other":
            assert row.base_url.startswith("https://") or row.hosts, row
            assert row.key_env, row


def test_a_connection_takes_address_and_wire_format_from_its_vendor(connections: Connections) -> None:
    row = connections.get(connections.add("", "openai"))
    assert (row.name, row.base_url, row.wire_format, row.place) == ("OpenAI", "https://api.openai.com/v1", "openai-chat", "cloud")
    assert connections.get(connections.add("", "openai")).name == "OpenAI 2"
    with pytest.raises(BadInput, match="already a connection called OpenAI"):
        connections.add("OpenAI", "groq")
    with pytest.raises(NotFound, match="openai"):
        connections.add("X", "opnai")


def test_an_address_on_this_computer_makes_it_a_server_that_needs_no_key(connections: Connections) -> None:
    for address in (
        "http://127.0.0.1:9000/v1/",
        "http://localhost:1/v1",
        "http://192.168.1.5/v1",
        "http://[::1]:80/v1",
        "http://box.local/v1",
    ):
        row = connections.get(connections.add("", "other", address))
        assert (row.place, row.key_place, row.base_url) == ("server", "none", address.rstrip("/"))


@pytest.mark.parametrize("address", ["api.openai.com", "ftp://x/v1", "http://", "https://user:pass@host/v1", "http://host:99999/v1"])
def test_what_is_no_address_is_refused(address: str, connections: Connections) -> None:
    with pytest.raises(BadInput):
        connections.add("X", "other", address)


def test_the_same_model_twice_needs_a_title_of_its_own(connections: Connections) -> None:
    openai, router = connections.add("", "openai"), connections.add("", "openrouter")
    first = connections.add_model(openai, "gpt-x")
    assert connections.add_model(openai, "gpt-x") == first
    other = connections.add_model(openai, "gpt-x", "gpt-x cool", {"temperature": 0})
    routed = connections.add_model(router, "gpt-x")
    assert [row.title for row in connections.models()] == ["gpt-x", "gpt-x cool", "gpt-x (OpenRouter)"]
    assert [row.colour for row in connections.models()] == [0, 1, 2]
    assert connections.find_model("GPT-X COOL").id == other
    assert connections.find_model("openrouter/gpt-x").id == routed
    assert connections.find_model(connections.model(routed).uid).id == routed
    with pytest.raises(NotFound, match="Did you mean gpt-x"):
        connections.find_model("gpt-y")
    with pytest.raises(BadInput, match="already a model called gpt-x"):
        connections.update_model(other, title="gpt-x")


def test_an_api_name_of_several_models_asks_for_a_title(connections: Connections) -> None:
    openai = connections.add("", "openai")
    connections.add_model(openai, "gpt-x", "one")
    connections.add_model(openai, "gpt-x", "two")
    with pytest.raises(BadInput, match="2 models are called gpt-x: one, two"):
        connections.find_model("gpt-x")


def test_an_own_price_wins_and_can_be_given_back(connections: Connections) -> None:
    id_ = connections.add_model(connections.add("", "openai"), "gpt-x")
    assert connections.model(id_).price == Price(Decimal(1), Decimal(2))
    connections.update_model(id_, price=Price(Decimal("0.5"), Decimal(0)))
    assert connections.spec(id_).price == Price(Decimal("0.5"), Decimal(0))
    connections.update_model(id_, price=Price())
    assert connections.model(id_).price == Price(Decimal(1), Decimal(2))


def test_a_spec_holds_all_a_run_freezes_and_no_key(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-secret-secret")
    id_ = connections.add_model(connections.add("Work", "openai", options={"organization": "o"}), "gpt-x", "X", {"temperature": 0})
    spec = connections.spec(id_)
    assert (spec.name, spec.title, spec.connection, spec.place, spec.key_env) == ("gpt-x", "X", "Work", "cloud", "OPENAI_API_KEY")
    assert spec.options["organization"] == "o"
    assert "secret" not in repr(spec)
    assert connections.endpoint(spec, 7).key == "sk-secret-secret-secret"
    assert connections.endpoint(spec, 7).timeout_s == 7
    assert connections.get(connections.find("work").id).key_place == "environment"


def test_the_general_variable_comes_before_the_vendors(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-vendor")
    monkeypatch.setenv("WORKBENCH_API_KEY", "sk-general")
    spec = connections.spec(connections.add_model(connections.add("", "openai"), "gpt-x"))
    assert connections.endpoint(spec).key == "sk-general"


def test_the_general_variable_does_not_stand_before_a_key_that_was_entered(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = connections.add("", "openai", key="sk-entered-by-a-person")
    spec = connections.spec(connections.add_model(id_, "gpt-x"))
    monkeypatch.setenv("WORKBENCH_API_KEY", "sk-general-for-all-others")
    assert connections.endpoint(spec).key == "sk-entered-by-a-person"
    assert (connections.get(id_).key_place, connections.get(id_).key_variable) == ("session", "")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    assert connections.endpoint(spec).key == "sk-of-the-environment"
    assert (connections.get(id_).key_place, connections.get(id_).key_variable) == ("environment", "OPENAI_API_KEY")


def test_a_missing_key_is_named_with_the_one_thing_to_do(connections: Connections) -> None:
    id_ = connections.add_model(connections.add("", "openai"), "gpt-x")
    row = connections.model(id_)
    assert (row.ready, row.why_not) == (False, "OpenAI has no key yet. Enter one in Models.")
    with pytest.raises(Missing, match="OPENAI_API_KEY"):
        connections.endpoint(connections.spec(id_))


def test_a_server_is_called_without_a_key_and_with_one_if_there_is_one(connections: Connections) -> None:
    id_ = connections.add("", "ollama")
    spec = connections.spec(connections.add_model(id_, "llama"))
    assert connections.endpoint(spec) == Endpoint("ollama", "http://localhost:11434", None, {}, 60.0)
    connections.set_key(id_, "token-0123456789")
    assert connections.endpoint(spec).key == "token-0123456789"
    connections.forget_key(id_)
    assert connections.endpoint(spec).key is None


def test_a_file_cannot_collect_keys_by_naming_a_vendor(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-vendor")
    monkeypatch.setenv("WORKBENCH_API_KEY", "sk-general")
    id_ = connections.add("Theirs", "openai", "https://collector.example/v1")
    connections.set_state(id_, {"from_file": True})
    spec = connections.spec(connections.add_model(id_, "gpt-x"))
    with pytest.raises(Missing):
        connections.endpoint(spec)
    connections.update(id_, base_url="https://proxy.example/v1")  # a person has looked at it
    assert connections.endpoint(connections.spec_by_uid(spec.model_uid or "") or spec).key == "sk-general"


def test_a_model_that_stands_in_a_file_finds_its_key_in_the_environment(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = ModelSpec("m", "m", "openai-chat", "https://api.example/v1", key_env="EXAMPLE_KEY")
    with pytest.raises(Missing, match="EXAMPLE_KEY"):
        connections.endpoint(spec)
    monkeypatch.setenv("EXAMPLE_KEY", "sk-example")
    assert connections.endpoint(spec).key == "sk-example"


def test_state_is_merged_and_makes_models_ready_or_not(connections: Connections) -> None:
    id_ = connections.add("", "ollama")
    connections.add_model(id_, "llama")
    connections.set_state(id_, {"ok": False, "why_not": "Ollama does not answer."})
    assert connections.models()[0].why_not == "Ollama does not answer."
    connections.set_state(id_, {"ok": True, "why_not": None})
    assert connections.get(id_).state == {"ok": True}
    assert connections.models()[0].ready


def test_what_is_removed_leaves_the_lists_and_stays_readable(connections: Connections) -> None:
    id_ = connections.add("", "ollama")
    one, two = connections.add_model(id_, "one"), connections.add_model(id_, "two")
    connections.remove_model(one)
    assert [row.id for row in connections.models()] == [two]
    connections.remove(id_)
    assert connections.models() == []
    assert {row.id for row in connections.models(archived=True)} == {one, two}
    assert connections.model(two).why_not == "It was removed."
    assert connections.spec_by_uid(connections.model(two).uid) is None
    assert connections.get(connections.add("Ollama", "ollama")).name == "Ollama"


def test_a_key_that_is_none_leaves_no_half_made_connection(connections: Connections) -> None:
    with pytest.raises(BadInput, match="This is not a key"):
        connections.add("Work", "openai", key="two words")
    assert connections.list() == []


def test_a_removed_model_comes_back_as_it_was(connections: Connections) -> None:
    openai = connections.add("", "openai")
    id = connections.add_model(openai, "house", "House", {"temperature": 0}, price=Price(Decimal(3), Decimal(4)))
    before = connections.model(id)
    connections.remove_model(id)
    connections.restore_model(id)
    assert connections.model(id) == before
    connections.remove_model(id)
    connections.add_model(openai, "other", "House")
    connections.restore_model(id)
    assert (connections.model(id).uid, connections.model(id).title) == (before.uid, "House 2")


def test_what_a_connections_own_list_says_is_learnt_wins_over_the_catalogue_and_is_forgotten_with_it(database: Database) -> None:
    catalogue = {"context_tokens": 128_000, "source": "a page, 2026-11-10", "retires": "2027-01-14"}
    connections = Connections(database, Keys(), lambda *_: Price(Decimal(1), Decimal(2)), lambda *_: catalogue)
    connection = connections.add("", "openrouter")
    id_ = connections.add_model(connection, "a/b", facts={"size_bytes": 7})
    other = connections.add_model(connections.add("", "openai"), "a/b")
    assert connections.model(id_).facts == {**catalogue, "size_bytes": 7}
    listed = Price(Decimal(3), Decimal(4)).to_json()
    connections.learn(connection, {"a/b": {"retires": "2026-12-24", "price": listed, "listed": "2026-11-28"}, "no/such": {"retires": "x"}})
    row = connections.model(id_)
    assert row.facts == {**catalogue, "size_bytes": 7, "retires": "2026-12-24", "listed": "2026-11-28"}
    assert row.price == connections.spec(id_).price == Price(Decimal(3), Decimal(4))
    assert connections.model(other).facts == catalogue, "another connection's list says nothing about it"
    connections.update_model(id_, price=Price(Decimal(9), Decimal(9)))
    assert (connections.model(id_).price, connections.model(id_).has_own_price) == (Price(Decimal(9), Decimal(9)), True)
    connections.update_model(id_, price=Price())
    connections.learn(connection, {"a/b": {"listed": "2026-11-29"}})
    row = connections.model(id_)
    assert row.facts == {**catalogue, "size_bytes": 7, "listed": "2026-11-29"}
    assert (row.price, row.has_own_price) == (Price(Decimal(1), Decimal(2)), False)
