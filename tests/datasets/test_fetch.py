"""Downloads against a server on this machine: good answers, bad ones, and what stays behind."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from sklearn.datasets import _openml

from equipoise.datasets import fetch as fetch_module
from equipoise.datasets.catalogue import load
from equipoise.datasets.fetch import fetch
from equipoise.errors import DataError

KIDS = 1100
COLUMNS = {
    "Gender": ["'boy'", "'girl'"],
    "Grade": None,
    "Age": None,
    "Race": ["'White'", "'Other'"],
    "Urban/Rural": ["'Rural'", "'Suburban'", "'Urban'"],
    "School": ["'Elm'", "'Main'"],
    "Goals": ["'Grades'", "'Popular'", "'Sports'"],
    "Grades": None,
    "Sports": None,
    "Looks": None,
    "Money": None,
}


class Server:
    """A server whose answers a test may spoil: `spoil[path part] = function of the handler and the body`."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.spoil: dict = {}
        self.asked: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                body = server.answers.get(self.path)
                for part, spoiled in server.spoil.items():
                    if part in self.path:
                        spoiled(self, body)
                        return
                if body is None:
                    self.send_error(404)
                    return
                answer(self, body)

            def log_message(self, *arguments) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def put_table(self, arff: bytes, columns: dict, target: str = "Goals") -> None:
        path = f"/data/v1/download/1/{KIDS}.arff"
        features = [
            {
                "index": str(j),
                "name": name,
                "data_type": "numeric" if levels is None else "nominal",
                **({} if levels is None else {"nominal_value": levels}),
                "is_target": "true" if name == target else "false",
                "is_ignore": "false",
                "is_row_identifier": "false",
                "number_of_missing_values": "0",
            }
            for j, (name, levels) in enumerate(columns.items())
        ]
        description = {
            "id": str(KIDS),
            "name": "PopularKids",
            "version": "1",
            "format": "ARFF",
            "status": "active",
            "description": "a copy",
            "url": self.base.rstrip("/") + path,
            "file_id": "1",
            "md5_checksum": hashlib.md5(arff).hexdigest(),
        }
        api = "/api/v1/json/data/"
        self.answers = {
            f"{api}{KIDS}": json.dumps({"data_set_description": description}).encode(),
            f"{api}features/{KIDS}": json.dumps({"data_features": {"feature": features}}).encode(),
            f"{api}qualities/{KIDS}": json.dumps({"data_qualities": {"quality": []}}).encode(),
            path: arff,
        }


def answer(handler: BaseHTTPRequestHandler, body: bytes, length: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def kids_arff(rows: int = 478) -> bytes:
    goals = ["Grades"] * 247 + ["Popular"] * 141 + ["Sports"] * 90
    lines = ["% a comment", "@relation kids"]
    for name, levels in COLUMNS.items():
        kind = "numeric" if levels is None else "{" + ",".join(levels) + "}"
        lines.append(f'@attribute "{name}" {kind}')
    lines.append("@data")
    for i, goal in enumerate(goals[:rows]):
        age = "?" if i == 5 else str(9 + i % 4)
        school = "?" if i == 7 else "\"'Elm'\"" if i % 2 else "\"'Main'\""
        lines.append(
            f"\"'boy'\",{4 + i % 3},{age},\"'White'\",\"'Rural'\",{school},\"'{goal}'\",1,2,3,4"
        )
    return ("\n".join(lines) + "\n").encode()


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    server = Server()
    for name, value in vars(_openml).items():  # the addresses, wherever this version keeps them
        if isinstance(value, str) and value.startswith("https://www.openml.org/"):
            monkeypatch.setattr(
                _openml, name, value.replace("https://www.openml.org/", server.base)
            )
    monkeypatch.setattr(_openml, "time", SimpleNamespace(sleep=lambda seconds: None))
    server.put_table(kids_arff(), COLUMNS)
    yield server
    server.stop()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.delenv("EQUIPOISE_DATA", raising=False)
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_good_answer_is_read_without_inner_quotes_and_with_missing_cells(server: Server) -> None:
    frame = fetch(KIDS, "Goals")
    assert frame.shape == (478, 11)
    assert set(frame["Goals"]) == {"Grades", "Popular", "Sports"}
    assert set(frame["School"].dropna()) == {"Elm", "Main"}
    assert frame["School"].isna().sum() == 1
    assert frame["Age"].isna().sum() == 1
    assert str(frame["Grade"].dtype) == "int64"


def test_the_target_that_openml_declares_gets_the_expected_name(server: Server) -> None:
    assert "Aim" in fetch(KIDS, "Aim").columns
    server.put_table(kids_arff(), COLUMNS, target="")
    with pytest.raises(DataError, match="without the target column 'Aim'"):
        fetch(KIDS, "Aim")


def test_what_arrives_is_kept_in_the_cache_and_found_there_again(
    server: Server, cache: Path
) -> None:
    first = load("popularkids")
    assert first.y.value_counts().to_dict() == {"Grades": 247, "Popular": 141, "Sports": 90}
    assert [path.name for path in cache.iterdir()] == ["popularkids.csv"]
    server.spoil["/"] = lambda handler, body: handler.send_error(500)
    n_asked = len(server.asked)
    again = load("popularkids")
    assert len(server.asked) == n_asked
    assert again.content_hash == first.content_hash


def html(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, b"<html><body>Please log in</body></html>")


def half(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, body[: len(body) // 2], length=len(body))


def whole_half(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, body[: len(body) // 2])


def changed(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer(handler, body.replace(b"'White'", b"'Other'", 1))


def silent(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    time.sleep(0.6)


BAD_ANSWERS = {
    "not found": ("/data/1100", lambda h, b: h.send_error(404), "HTTP status 404"),
    "broken server": ("/data/1100", lambda h, b: h.send_error(500), "HTTP status 500"),
    "unknown id": ("/data/1100", lambda h, b: h.send_error(412), "not found"),
    "page for JSON": ("/data/1100", html, "not JSON"),
    "page for features": ("/features/", html, "not JSON"),
    "other JSON": ("/data/1100", lambda h, b: answer(h, b"{}"), "something else than a table"),
    "binary for JSON": ("/data/1100", lambda h, b: answer(h, b"\xff\xfe\x00"), "not JSON"),
    "cut JSON": ("/data/1100", half, "not JSON .half an answer"),
    "cut table": ("/download/", half, "cut off"),
    "short table": ("/download/", whole_half, "checksum is not the one"),
    "changed table": ("/download/", changed, "checksum is not the one"),
    "page for table": ("/download/", html, "checksum is not the one"),
    "table not found": ("/download/", lambda h, b: h.send_error(404), "HTTP status 404"),
    "silence": ("/data/1100", silent, "did not answer within 0.1 seconds"),
    "silent table": ("/download/", silent, "did not answer within 0.1 seconds"),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_a_bad_answer_is_one_sentence_and_leaves_nothing_in_the_cache(
    server: Server, cache: Path, monkeypatch, case: str
) -> None:
    part, spoiled, expected = BAD_ANSWERS[case]
    server.spoil[part] = spoiled
    if expected.startswith("did not"):
        monkeypatch.setattr(fetch_module, "TIMEOUT", 0.1)
    with pytest.raises(DataError, match=expected) as caught:
        load("popularkids")
    sentence = str(caught.value)
    assert "OpenML (id 1100)" in sentence
    assert "no data folder was given" in sentence
    assert f"the cache {cache} has none" in sentence
    assert "put popularkids.csv into a folder and name it by --data-dir" in sentence
    assert "\n" not in sentence
    assert not cache.exists()


def test_a_server_that_is_not_there_is_one_sentence(server: Server, cache: Path) -> None:
    server.http.server_close()
    with pytest.raises(DataError, match="could not be reached"):
        load("popularkids")


def test_a_table_of_another_shape_is_refused_and_not_kept(server: Server, cache: Path) -> None:
    server.put_table(kids_arff(rows=477), COLUMNS)
    with pytest.raises(DataError, match="expected 478 rows and 11 columns, got 477 and 11"):
        load("popularkids")
    assert not cache.exists()


def test_a_damaged_cache_is_fetched_anew_and_said_so(server: Server, cache: Path) -> None:
    cache.mkdir()
    (cache / "popularkids.csv").write_text("a,b\n1,2\n")
    table = load("popularkids")
    assert any("what the cache held was not used" in note for note in table.warnings)
    assert load("popularkids").warnings == ()


def test_a_cache_that_cannot_be_written_is_a_remark_only(
    server: Server, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("EQUIPOISE_DATA", raising=False)
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "file" / "cache"))
    table = load("popularkids")
    assert any("could not be kept in the cache" in note for note in table.warnings)
