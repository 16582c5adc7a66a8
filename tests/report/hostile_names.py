"""A run whose every name tries to become markup or script."""

from fake_run import FakeRun

CLEAN = {"failed": (), "skipped": ()}
HOSTILE = (
    "</script><script>document.body.id='hacked'</script>",
    "<img src=x onerror=\"document.body.id='hacked'\">",
    "\"];document.body.id='hacked';//",
    "' + (document.body.id='hacked') + '",
    "datum['x']\u2028\u2029<!--<script>",
    "{{ 7 * 7 }}{% raw %}${document.body.id='hacked'}",
    "javascript:document.body.id='hacked'",
    "a" * 200,
)


def hostile_run():
    a, b, c, d, e, f, g, long = HOSTILE
    results = FakeRun(
        datasets={a: {b: 90, c: 40, long: 30}, d: {e: 90, f: 40}, long: {g: 60, a: 40}},
        gains={"smote": 0.03, b: 0.0, e: -0.02},
        **CLEAN,
    ).make()
    results.trials.loc[:, "reason"] = a
    results.trials.loc[results.trials["method"] == e, "status"] = "failed"
    results.deliveries.loc[:, "fallback"] = b
    results.datasets["warnings"] = [(a, b, c)] * 3
    results.datasets["kinds"] = [{a: "numeric", b: e}] * 3
    results.trials["notes"] = [(f, a)] * len(results.trials)
    results.run.update(
        {"experiment": f, "machine": {a: b}, "versions": {c: d}, "options": {e: [a]}}
    )
    return results
