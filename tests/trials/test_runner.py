"""Claims about the runner: what it runs, what it keeps, what it tells."""

import io

import pytest
from rich.console import Console

from equipoise.errors import OptionError
from equipoise.results.records import RunInfo
from equipoise.results.store import Store
from equipoise.trials.progress import Forecast, LiveProgress, PlainProgress, View, duration
from equipoise.trials.runner import run_trials


@pytest.fixture
def store(tmp_path):
    with Store.create(tmp_path / "run", RunInfo("fake", 7)) as opened:
        yield opened


def runs(folder):
    return {item.name: len(item.read_text().split()) for item in folder.glob("ran-*")}


class Listener:
    def __init__(self):
        self.views = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.views.append(None)

    def update(self, view):
        self.views.append(view)


def test_everything_runs_once_and_again_only_what_is_missing(fakes, store, tmp_path):
    trials = [
        fakes.FakeTrial("adult", repeat, method, where=str(tmp_path))
        for repeat in range(2)
        for method in ("steady", "raise", "need-extra")
    ]
    summary = run_trials(trials[:3], fakes.run, store, jobs=1)
    assert (summary.done, summary.failed, summary.skipped, summary.kept) == (1, 1, 1, 0)
    assert not summary.ok

    summary = run_trials(trials, fakes.run, store, jobs=2)
    assert (summary.done, summary.failed, summary.skipped, summary.kept) == (1, 1, 2, 2)
    assert runs(tmp_path)["ran-adult-0-steady"] == 1
    assert runs(tmp_path)["ran-adult-0-raise"] == 1

    settled = [trial for trial in trials if trial.method != "need-extra"]
    summary = run_trials(settled, fakes.run, store)
    assert (summary.done, summary.failed, summary.kept) == (0, 0, 4)
    assert summary.ok

    summary = run_trials(settled, fakes.run, store, retry_failed=True)
    assert (summary.failed, summary.kept) == (2, 2)


def test_another_code_version_runs_again(fakes, store, tmp_path):
    old = fakes.FakeTrial("adult", 0, "steady", where=str(tmp_path))
    new = fakes.FakeTrial("adult", 0, "steady", code_version="2", where=str(tmp_path))
    run_trials([old], fakes.run, store)
    assert run_trials([new], fakes.run, store).done == 1
    assert run_trials([new], fakes.run, store).kept == 1
    assert runs(tmp_path) == {"ran-adult-0-steady": 2}
    assert store.trials()["code_version"].tolist() == ["2"]


def test_a_wrong_limit_is_refused_before_anything_runs(fakes, store, tmp_path):
    trials = fakes.many(1, 0.0, str(tmp_path))
    with pytest.raises(OptionError, match="time limit"):
        run_trials(trials, fakes.run, store, time_limit=0)
    with pytest.raises(OptionError, match="--jobs"):
        run_trials(trials, fakes.run, store, jobs=0)
    assert runs(tmp_path) == {}


def test_progress_hears_of_every_trial_and_never_of_more_than_jobs_at_once(fakes, store):
    listener = Listener()
    run_trials(fakes.many(6, 0.05), fakes.run, store, jobs=2, progress=listener)
    assert listener.views.pop() is None
    latest = [view.latest for view in listener.views if view.latest is not None]
    assert sorted(record.repeat for record in latest) == list(range(6))
    assert max(len(view.running) for view in listener.views) <= 2
    assert listener.views[-1].finished == listener.views[-1].total == 6
    assert listener.views[-1].left_seconds == 0.0


def test_the_forecast_prefers_the_likest_trials(fakes):
    forecast = Forecast()
    trial = fakes.FakeTrial
    assert forecast.left([trial("adult", 0, "tvae")], [], 2) is None
    forecast.learn(trial("adult", 0, "tvae"), 100.0)
    forecast.learn(trial("adult", 0, "smote"), 10.0)
    forecast.learn(trial("hmeq", 0, "smote"), 2.0)
    assert forecast.expected(trial("adult", 1, "smote")) == 10.0
    assert forecast.expected(trial("ionosphere", 0, "smote")) == 6.0
    assert forecast.expected(trial("adult", 0, "cart")) == 55.0
    assert forecast.expected(trial("new", 0, "cart")) == pytest.approx(112 / 3)
    waiting = [trial("adult", repeat, "tvae") for repeat in (1, 2, 3)]
    assert forecast.left(waiting, [(trial("adult", 4, "tvae"), 60.0)], 2) == 170.0
    assert forecast.left([], [(trial("adult", 4, "tvae"), 60.0)], 2) == 40.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.2, "9.2 s"), (42.4, "42 s"), (62, "1 min 02 s"), (1234, "21 min"),
     (59.7, "1 min 00 s"), (7300, "2 h 02 min")],
)  # fmt: skip
def test_durations_read_like_a_person_says_them(seconds, text):
    assert duration(seconds) == text


def test_plain_lines_name_the_trial_its_end_and_the_time_left(fakes):
    lines = []
    failed = fakes.honest_record(fakes.FakeTrial("adult", 1, "tvae"))
    failed = type(failed)(
        "t", "adult", 1, "tvae", "failed", reason="ValueError: odd", total_seconds=2.0
    )
    with PlainProgress(lines.append) as progress:
        progress.update(View(10, 3, {"done": 1}, (), 80.0))
        progress.update(View(10, 3, {"done": 1, "failed": 1}, (), 80.0, failed))
    assert lines == [
        "[5/10] adult, repeat 1, tvae; failed in 2.0 s: ValueError: odd; about 1 min 20 s left"
    ]


def test_the_terminal_shows_what_runs_and_takes_no_markup_from_names():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    with LiveProgress(console) as progress:
        running = tuple((f"[red]table{i}[/red], repeat 1, smote", 3.0) for i in range(10))
        progress.update(View(20, 0, {"failed": 2}, running, 30.0))
    shown = screen.getvalue()
    assert "2/20 trials, 2 failed, about 30 s left" in shown
    assert "running [red]table0[/red], repeat 1, smote: 3.0 s" in shown
    assert "and 2 more" in shown
