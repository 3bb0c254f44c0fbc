"""`workbench packet` and what comes back with `workbench import`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_cli_run import config, document
from tests.test_packets import data_of, saved
from workbench.cli.frame import perform


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(tmp_path / "w.db"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_a_packet_goes_out_and_its_ratings_come_in_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None), "--json"]) == 0
    run = str(document(capsys)["run"]["id"])
    file = tmp_path / "review.html"
    assert perform(["packet", run, "--out", str(file), "--for", "Jo Park", "--single", "4", "--by", "2026-11-27", "--json"]) == 0
    made = document(capsys)
    assert (made["items"], made["kind"], made["bytes"]) == (4, "single", file.stat().st_size)
    data = data_of(file.read_text("utf-8"))
    assert (data["for"], data["by"]) == ("Jo Park", "Friday 27 Nov")
    ratings = saved(tmp_path / "ratings-jo-park.json", made["packet"], data, {1: {"answers": [{"stars": 4}]}}, rater="Jo Park")
    assert perform(["import", str(ratings)]) == 0
    said = capsys.readouterr().out
    assert "Jo Park judged 1 of 4 answers." in said
    assert "Nobody else has judged any of these" in said
    assert perform(["import", str(ratings)]) == 0
    assert "Jo Park: already in, nothing changed." in capsys.readouterr().out
    assert perform(["import", str(ratings), "--json"]) == 0
    assert document(capsys)["ratings"][0]["judged"] == 1


def test_wrong_wishes_end_with_2_and_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert perform(["run", config(tmp_path, None), "--json"]) == 0
    run = str(document(capsys)["run"]["id"])
    out = ["--out", str(tmp_path / "x.html")]
    for wrong, why in (
        (["--columns", "1,99"], "columns"), (["--criterion", "Tone"], "no criterion Tone"), (["--pairs", "0"], "no number from 1"),
        (["--by", "tomorrow"], "no day"), (["--columns", "1", "--pairs", "3"], "no two finished answers"),
    ):  # fmt: skip
        assert perform(["packet", run, *out, *wrong]) == 2, wrong
        assert why in capsys.readouterr().err
    assert perform(["packet", run, "--out", str(tmp_path / "no" / "x.html")]) == 2
    assert not (tmp_path / "x.html").exists()
    broken = tmp_path / "ratings-x.json"
    broken.write_text(json.dumps({"schema": 2, "kind": "packet-ratings"}), "utf-8")
    capsys.readouterr()
    assert perform(["import", str(broken)]) == 1
    assert "newer version" in capsys.readouterr().err
