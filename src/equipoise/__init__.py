"""The fair trial between doing nothing, weights, thresholds, resampling and synthesizers on an imbalanced table.

Public names are imported on first use, so that ``import equipoise`` is quick and brings no torch.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Adasyn": "equipoise.synthesizers.adasyn",
    "AugmentedClassifier": "equipoise.samplers.augmented",
    "BasicVAE": "equipoise.synthesizers.basic_vae",
    "BorderlineSmote": "equipoise.synthesizers.borderline_smote",
    "CTGAN": "equipoise.synthesizers.ctgan",
    "Cart": "equipoise.synthesizers.cart",
    "Coded": "equipoise.tables.coded",
    "ConditionalVAE": "equipoise.synthesizers.conditional_vae",
    "DataError": "equipoise.errors",
    "Duplicate": "equipoise.synthesizers.duplicate",
    "EquipoiseError": "equipoise.errors",
    "EquipoiseWarning": "equipoise.errors",
    "Experiment": "equipoise.trials.experiment",
    "GReaT": "equipoise.synthesizers.great",
    "GaussianCopula": "equipoise.synthesizers.gaussian_copula",
    "GaussianNoise": "equipoise.synthesizers.gaussian_noise",
    "IndependentColumns": "equipoise.synthesizers.independent",
    "LatentTailCalib": "equipoise.synthesizers.latent_tailcalib",
    "OptionError": "equipoise.errors",
    "Smote": "equipoise.synthesizers.smote",
    "Synthesizer": "equipoise.synthesizers._base",
    "SyntheticOverSampler": "equipoise.samplers.oversampler",
    "TVAE": "equipoise.synthesizers.tvae",
    "TabGPT": "equipoise.synthesizers.tabgpt",
    "TailCalib": "equipoise.synthesizers.tailcalib",
    "advise": "equipoise.advice.advise",
    "balance": "equipoise.samplers.strategies",
    "bench": "equipoise.trials.bench",
    "grow": "equipoise.samplers.strategies",
    "load": "equipoise.saving.model_file",
    "load_dataset": "equipoise.datasets",
    "quality": "equipoise.fidelity.quality",
    "read_table": "equipoise.tables.io",
}

__all__ = ["__version__", *_PUBLIC]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'equipoise' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
