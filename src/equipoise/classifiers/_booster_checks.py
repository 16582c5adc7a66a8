"""What can be told of a booster before XGBoost reads it: trees that end, indices within bounds, sizes that fit.

A model of XGBoost that has more to it than ours (another objective, attributes, a newer format) is refused, when it is
saved as well as when it is read.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers._ubjson import read
from equipoise.classifiers.matrices import is_number, native_types
from equipoise.tables.schema import Schema

ROOT = 2147483647  # what XGBoost writes as the parent of a root
PER_NODE = (
    "base_weights", "default_left", "left_children", "loss_changes", "parents", "right_children",
    "split_conditions", "split_indices", "split_type", "sum_hessian",
)  # fmt: skip
OF_CATEGORIES = (
    "categories", "categories_nodes", "categories_segments", "categories_sizes",
)  # fmt: skip
REAL = ("base_weights", "loss_changes", "split_conditions", "sum_hessian")


def check_booster(raw: bytes, schema: Schema, n_classes: int) -> None:
    """Check that a booster takes the matrix of a schema and gives probabilities of so many classes.

    Parameters
    ----------
    raw : bytes
        As `Booster.save_raw` gives them.
    schema : Schema
    n_classes : int
        2 or more.

    Raises
    ------
    ValueError
        It does not, or it is no booster at all.
    """
    document = _keys(read(raw), "learner version", "booster")
    version = document["version"]
    _require(len(version) == 3 and all(0 <= int(part) < 10_000 for part in version), "version")
    learner = _keys(
        document["learner"],
        "attributes feature_names feature_types gradient_booster learner_model_param objective",
        "learner",
    )
    _require(learner["attributes"] == {} and len(learner["feature_names"]) == 0, "attributes")
    _require(list(learner["feature_types"]) == native_types(schema), "types of columns")
    n_groups = n_classes if n_classes > 2 else 1
    _check_learner(learner, len(native_types(schema)), n_classes)
    _check_trees(learner["gradient_booster"], _levels(schema), n_groups)


def _levels(schema: Schema) -> NDArray[np.int64]:
    """Give the number of levels (d,) of each column of `native`; 0 for numbers."""
    return np.array(
        [
            0 if is_number(column) else len(column.levels)
            for column in schema.columns
            if column.is_number or column.is_discrete
        ]
    )


def _check_learner(learner: dict, n_features: int, n_classes: int) -> None:
    n_groups = n_classes if n_classes > 2 else 1
    given = _keys(
        learner["learner_model_param"],
        "base_score num_class num_feature", "sizes",
        also="boost_from_average num_target",
    )  # fmt: skip
    _require(given["num_feature"] == str(n_features), "number of columns")
    _require(given["num_class"] == str(n_classes if n_classes > 2 else 0), "number of classes")
    _require(given.get("num_target", "1") == "1", "number of targets")
    _require(given.get("boost_from_average", "1") in ("0", "1"), "base score")
    base = np.atleast_1d(np.array(json.loads(given["base_score"]), dtype=np.float64))
    _require(base.shape in ((1,), (n_groups,)) and np.isfinite(base).all(), "base score")
    if n_classes > 2:
        wanted = {
            "name": "multi:softprob", "softmax_multiclass_param": {"num_class": str(n_classes)}
        }  # fmt: skip
    else:
        wanted = {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}}
    _require(learner["objective"] == wanted, "objective")


def _check_trees(booster: Any, levels: NDArray[np.int64], n_groups: int) -> None:
    booster = _keys(booster, "model name", "trees")
    _require(booster["name"] == "gbtree", "kind")
    model = _keys(
        booster["model"], "gbtree_model_param iteration_indptr tree_info trees", "trees", also="cats"
    )  # fmt: skip
    trees = model["trees"]
    given = _keys(model["gbtree_model_param"], "num_parallel_tree num_trees", "trees")
    _require(given == {"num_parallel_tree": "1", "num_trees": str(len(trees))}, "number of trees")
    info, ends = _integers(model["tree_info"]), _integers(model["iteration_indptr"])
    rounds = np.arange(0, len(trees) + 1, n_groups)
    _require(len(trees) > 0 and len(trees) % n_groups == 0, "number of trees")
    _require(np.array_equal(ends, rounds), "rounds")
    _require(np.array_equal(info, np.arange(len(trees)) % n_groups), "classes of trees")
    # Levels are codes here; a booster that has names of its own for them would translate the codes.
    cats = _keys(model.get("cats", {}), "", "levels", also="enc feature_segments sorted_idx")
    _require(all(len(part) == 0 for part in cats.values()), "levels")
    for place, tree in enumerate(trees):
        _check_tree(tree, place, levels)


def _check_tree(tree: Any, place: int, levels: NDArray[np.int64]) -> None:
    names = " ".join((*PER_NODE, *OF_CATEGORIES))
    tree = _keys(tree, f"{names} id tree_param", "tree")
    n = len(_integers(tree["left_children"]))
    param = {"num_deleted": "0", "num_feature": str(len(levels)), "num_nodes": str(n)}
    leaf = _keys(tree["tree_param"], " ".join((*param, "size_leaf_vector")), "tree")
    _require(
        {**leaf, "size_leaf_vector": ""} == {**param, "size_leaf_vector": ""}, "size of a tree"
    )
    _require(leaf["size_leaf_vector"] in ("0", "1") and tree["id"] == place and n > 0, "tree")
    for name in PER_NODE:
        array = _reals(tree[name]) if name in REAL else _integers(tree[name])
        _require(array.shape == (n,), "size of a tree")
    _check_nodes(tree, n, levels)
    _check_categories(tree, levels)


def _check_nodes(tree: dict, n: int, levels: NDArray[np.int64]) -> None:
    """Check that children come after their parents, each once, so that every walk ends."""
    left, right = _integers(tree["left_children"]), _integers(tree["right_children"])
    inner = np.flatnonzero(left >= 0)
    children = np.r_[left[inner], right[inner]]
    _require((left[left < 0] == -1).all() and (right[left < 0] == -1).all(), "leaves of a tree")
    _require((children > np.r_[inner, inner]).all() and (children < n).all(), "children of a tree")
    _require(np.isfinite(_reals(tree["split_conditions"])[left < 0]).all(), "leaves of a tree")
    parents = np.full(n, ROOT, dtype=np.int64)
    parents[children] = np.r_[inner, inner]
    _require(len(np.unique(children)) == len(children) == n - 1, "children of a tree")
    _require(np.array_equal(_integers(tree["parents"]), parents), "parents of a tree")
    columns, kinds = _integers(tree["split_indices"]), _integers(tree["split_type"])
    _require(((columns >= 0) & (columns < len(levels))).all(), "columns of a tree")
    by_levels = np.zeros(n, dtype=bool)
    by_levels[inner] = levels[columns[inner]] > 0
    _require(np.array_equal(kinds, by_levels.astype(np.int64)), "splits of a tree")
    _require(np.isin(_integers(tree["default_left"]), (0, 1)).all(), "splits of a tree")


def _check_categories(tree: dict, levels: NDArray[np.int64]) -> None:
    """Check that the levels of splits follow each other without a gap, and are levels of their columns."""
    codes, nodes, starts, sizes = (_integers(tree[name]) for name in OF_CATEGORIES)
    splits = np.flatnonzero(_integers(tree["split_type"]) == 1)
    _require(np.array_equal(nodes, splits) and len(starts) == len(sizes) == len(nodes), "levels")
    _require((sizes > 0).all() and sizes.sum() == len(codes), "levels")
    _require(np.array_equal(starts, np.cumsum(sizes) - sizes), "levels")
    bounds = np.repeat(levels[_integers(tree["split_indices"])[nodes]], sizes)
    _require(((codes >= 0) & (codes < bounds)).all(), "levels")


def _keys(value: Any, names: str, what: str, also: str = "") -> dict:
    wanted, known = set(names.split()), set(names.split()) | set(also.split())
    if not isinstance(value, dict) or not wanted <= set(value) <= known:
        raise ValueError(f"the {what} of a booster is not of a form known here")
    return value


def _integers(value: Any) -> NDArray[np.int64]:
    array = np.asarray(value if len(value) else np.zeros(0, dtype=np.int64))
    _require(array.ndim == 1 and array.dtype.kind in "iu", "whole numbers")
    return array.astype(np.int64)


def _reals(value: Any) -> NDArray[np.float64]:
    array = np.asarray(value)
    _require(array.ndim == 1 and array.dtype.kind == "f", "numbers")
    return array.astype(np.float64)


def _require(fits: Any, what: str) -> None:
    if not fits:
        raise ValueError(f"the {what} of a booster does not fit what it was saved with")
