"""The classes that a saved file may name: a literal table, and nothing outside of it is imported.

A file is data. The only code that it can have run is the constructors, or the plain creation, of these classes.
"""

import dataclasses
import importlib.util
from collections.abc import Collection

from equipoise.errors import MissingExtra, OptionError
from equipoise.registry import load_class
from equipoise.saving.savable import Savable

_S = "equipoise.synthesizers"
_T = "equipoise.tables"
_N = "equipoise.networks"
_C = "equipoise.classifiers"

ALLOWED: dict[str, str] = {
    # synthesizers
    "Adasyn": f"{_S}.adasyn:Adasyn",
    "BasicVAE": f"{_S}.basic_vae:BasicVAE",
    "BorderlineSmote": f"{_S}.borderline_smote:BorderlineSmote",
    "CTGAN": f"{_S}.ctgan:CTGAN",
    "Cart": f"{_S}.cart:Cart",
    "ConditionalVAE": f"{_S}.conditional_vae:ConditionalVAE",
    "Duplicate": f"{_S}.duplicate:Duplicate",
    "GReaT": f"{_S}.great:GReaT",
    "GaussianCopula": f"{_S}.gaussian_copula:GaussianCopula",
    "GaussianNoise": f"{_S}.gaussian_noise:GaussianNoise",
    "IndependentColumns": f"{_S}.independent:IndependentColumns",
    "LatentTailCalib": f"{_S}.latent_tailcalib:LatentTailCalib",
    "Smote": f"{_S}.smote:Smote",
    "TVAE": f"{_S}.tvae:TVAE",
    "TabGPT": f"{_S}.tabgpt:TabGPT",
    "TailCalib": f"{_S}.tailcalib:TailCalib",
    # estimators, and the classifiers in them
    "AugmentedClassifier": "equipoise.samplers.augmented:AugmentedClassifier",
    "Alone": f"{_C}.ensembles:Alone",
    "Bagged": f"{_C}.ensembles:Bagged",
    "Balanced": f"{_C}.ensembles:Balanced",
    "Boosters": f"{_C}.boosters:Boosters",
    "TunedXGBoost": f"{_C}.native:TunedXGBoost",
    # tables
    "Cells": f"{_T}.tokens:Cells",
    "Coded": f"{_T}.coded:Coded",
    "Column": f"{_T}.schema:Column",
    "Container": f"{_T}.frames:Container",
    "Labels": f"{_T}.labels:Labels",
    "Layout": f"{_T}.layout:Layout",
    "Levels": f"{_T}.encoder:Levels",
    "Mixture": f"{_T}.mixture:Mixture",
    "Modes": f"{_T}.modes:Modes",
    "QuantileEncoder": f"{_T}.quantiles:QuantileEncoder",
    "RowTokens": f"{_T}.tokens:RowTokens",
    "Schema": f"{_T}.schema:Schema",
    "Scores": f"{_T}.scores:Scores",
    "Span": f"{_T}.layout:Span",
    "TableEncoder": f"{_T}.encoder:TableEncoder",
    # what synthesizers are made of
    "CTGAN.Sizes": f"{_S}.ctgan:Sizes",
    "Calibration": f"{_S}._calibration:Calibration",
    "Calibration.Affine": f"{_S}._scalings:Affine",
    "Calibration.Power": f"{_S}._scalings:Power",
    "Calibration.Quantiles": f"{_S}._scalings:Quantiles",
    "Calibration.Rule": f"{_S}._calibration:Rule",
    "Calibration.Statistics": f"{_S}._calibration:Statistics",
    "Chain": f"{_S}._chain:Chain",
    "CodeLaw": f"{_S}._codes:CodeLaw",
    "ConditionalVAE.Sizes": f"{_S}.conditional_vae:Sizes",
    "Delivery": f"{_S}._base:Delivery",
    "Embedding": f"{_S}._embedding:Embedding",
    "Embedding.Special": f"{_S}._embedding:_Special",
    "Figures": f"{_S}._sentences:Figures",
    "Filling": f"{_S}._rows:Filling",
    "GaussianCopula.Margins": f"{_S}.gaussian_copula:Margins",
    "Graph": f"{_S}._tries:Graph",
    "Grid": f"{_S}._chain:Grid",
    "Growth": f"{_S}._chain:Growth",
    "Marginals": f"{_S}._marginals:Marginals",
    "Marginals.Maps": f"{_S}._marginals:Maps",
    "Mismatch": f"{_S}._neighbours:Mismatch",
    "Neighbourhood": f"{_S}._neighbours:Neighbourhood",
    "Pools": f"{_S}._leaves:Pools",
    "Smote.Class": f"{_S}.smote:_Class",
    "Splits": f"{_S}._leaves:Splits",
    "StandardRows": f"{_S}._standard_rows:StandardRows",
    "Step": f"{_S}._chain:Step",
    "TVAE.Sizes": f"{_S}._tvae_options:Sizes",
    "TabGPT.Sizes": f"{_S}.tabgpt:Sizes",
    "TailCalib.Columns": f"{_S}.tailcalib:Columns",
    "ValueDifference": f"{_S}._neighbours:ValueDifference",
    "Words": f"{_S}._words:Words",
    # networks
    "ConditionLaw": f"{_N}.conditions:ConditionLaw",
    "ConditionalAutoencoder": f"{_N}.conditional:ConditionalAutoencoder",
    "Generator": f"{_N}.adversarial:Generator",
    "LanguageModel": f"{_S}._language:LanguageModel",
    "Posteriors": f"{_N}.conditional:Posteriors",
    "RowTransformer": f"{_N}.transformer:RowTransformer",
    "TutorialVAE": f"{_N}.tutorial:TutorialVAE",
    "VariationalAutoencoder": f"{_N}.variational:VariationalAutoencoder",
}
_KEYS = {target: key for key, target in ALLOWED.items()}


def key_of(cls: type) -> str:
    """Give the name of a class in a file: its key in the table, or ``module:Class`` if it has none."""
    target = f"{cls.__module__}:{cls.__qualname__}"
    return _KEYS.get(target, target)


def is_own(cls: type) -> bool:
    """Tell whether a user's own class can be named in a file: it can be imported, and says what it is made of."""
    made_of = (
        dataclasses.is_dataclass(cls)
        or issubclass(cls, Savable)
        or hasattr(cls, "load_state_dict")
        or hasattr(cls, "_restore")
    )
    ours = cls.__module__.partition(".")[0] == "equipoise"  # such a class gets a line in the table
    return made_of and not ours and "." not in cls.__qualname__


def class_of(key: object, trusted: Collection[str]) -> type:
    """Give the class behind a name in a file.

    Raises
    ------
    ValueError
        The name is neither in the table nor among those the caller trusts.
    MissingExtra
        The class is one of ours, and needs a package that is not installed.
    """
    if isinstance(key, str) and key in ALLOWED:
        try:
            return load_class(ALLOWED[key])
        except OptionError:
            if importlib.util.find_spec("torch") is not None:
                raise
            raise MissingExtra(
                f"a saved {key} needs torch, which is not installed: pip install 'equipoise[torch]'"
            ) from None
    if isinstance(key, str) and key in trusted:
        return load_class(key)
    advice = ""
    if isinstance(key, str) and ":" in key and key.replace(":", ".", 1).isprintable():
        advice = f"; if it is yours, say so: load(path, trusted=[{key[:80]!r}])"
    raise ValueError(
        f"it names the class {str(key)[:80]!r}, which is none of Equipoise's, and loading it would run "
        f"its code{advice}"
    )
