"""LightGBM: boosters as its model text, read and checked here before the library sees it, and compiled from it.

Source of the meaning of the fields: LightGBM's own text (version v4): children below zero are leaves, and the bits of
``decision_type`` are 1 categorical, 2 missing goes left, 4 and 8 the kind of missing value (0 none, 1 zero, 2 NaN).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.compiled.links import Link
from redspot.pipeline.compiled.model import Model
from redspot.pipeline.compiled.trees import Tree, TreeModel, joined
from redspot.pipeline.errors import CorruptPipelineError, UnsavableStepError
from redspot.pipeline.frameworks.wrapper_file import WRAPPER, read_wrapper, write_wrapper

wants_codes = True
tolerance = 1e-9
reads_tables = False

_BOOSTER = "booster.txt"
_CLASSES = ("LGBMClassifier", "LGBMRanker", "LGBMRegressor")
_LINKS: Mapping[str, Link] = {
    **dict.fromkeys("regression regression_l1 huber fair quantile mape lambdarank rank_xendcg".split(), "identity"),
    **dict.fromkeys("poisson gamma tweedie".split(), "exp"),
    "binary": "logit",
    "multiclass": "softmax",
}


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the booster's text and its wrapper."""
    data = _bytes(estimator)
    if _model(data) is None:
        raise UnsavableStepError(
            f"{step} cannot be saved: its booster has an objective, categorical or linear leaves, or zeros as missing, "
            f"which cannot be checked when it is loaded; known objectives are {', '.join(_LINKS)}.",
            step=step,
        )
    facts = {"best_iteration": int(estimator._best_iteration or 0), "classes": getattr(estimator, "_n_classes", 0)}
    return {_BOOSTER: data, WRAPPER: write_wrapper(estimator, step, _CLASSES, facts=facts)}


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Check every line of the booster, in Python."""
    if set(files) != {_BOOSTER, WRAPPER}:
        raise CorruptPipelineError(f"{step} has lost its booster.", step=step)
    read_wrapper(files[WRAPPER], step, _CLASSES)
    if _model(files[_BOOSTER]) is None:
        raise CorruptPipelineError(f"The booster of {step} is damaged.", step=step)


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the wrapper with its booster."""
    import lightgbm
    from sklearn.preprocessing import LabelEncoder

    check(files, step, trusted_modules)
    wrapper = read_wrapper(files[WRAPPER], step, _CLASSES)
    try:
        # The library's own reader may end the process on damaged text; it sees only what was checked and written anew.
        booster = lightgbm.Booster(model_str=_canonical(*_blocks(files[_BOOSTER].decode())))
        estimator = getattr(lightgbm, wrapper["class"])(**wrapper["params"])
        classes = int(wrapper["classes"])
    except (lightgbm.basic.LightGBMError, KeyError, TypeError, ValueError) as error:
        raise CorruptPipelineError(f"The booster of {step} is damaged: {error}.", step=step) from error
    width = booster.num_feature()
    # The library has no way to load a wrapper; these are the attributes that its `fit` sets.
    fitted = {
        "_Booster": booster,
        "_n_features": width,
        "_n_features_in": width,
        "_best_iteration": int(wrapper["best_iteration"]),
        "_objective": booster.dump_model(num_iteration=1)["objective"].split()[0],
        "_fitted_with_feature_names": False,
        "fitted_": True,
    }
    if wrapper["class"] == "LGBMClassifier":
        labels = np.arange(classes)
        encoder = LabelEncoder().fit(labels)
        fitted.update(_classes=labels, _n_classes=classes, _le=encoder, _class_map=dict(enumerate(labels)))
    vars(estimator).update(fitted)
    return estimator


def compiled(estimator: Any) -> Model | None:
    """Return the booster as arrays."""
    return _model(_bytes(estimator))


def is_float32(estimator: Any) -> bool:
    """LightGBM compares float64."""
    return False


def refuse(estimator: Any) -> None:
    """Take any."""


def errors() -> tuple[type[Exception], ...]:
    """What LightGBM raises when it cannot learn."""
    import lightgbm

    return (lightgbm.basic.LightGBMError,)


def _bytes(estimator: Any) -> bytes:
    # With early stopping, the text ends with the best round, which is what the library answers with.
    text: str = estimator.booster_.model_to_string()
    return text.encode()


_WORD = re.compile(r"[A-Za-z_0-9]+")


def _model(data: bytes) -> TreeModel | None:
    """Return the model of a booster's text; None when it has parts that are not known here.

    Raises
    ------
    CorruptPipelineError
        When it is damaged.
    """
    try:
        text = data.decode()
        header, trees = _blocks(text)
        # A function of the user's own leaves no line.
        objective = header.get("objective", "custom").split()
        options = dict(word.split(":") for word in objective[1:])
        outputs, width = int(header["num_tree_per_iteration"]), int(header["max_feature_idx"]) + 1
        link = _LINKS.get(objective[0])
        # Anything else would need the library's own arithmetic.
        if link is None or float(options.get("sigmoid", 1.0)) != 1.0 or "sqrt" in objective:
            return None
        if header["feature_names"].split() == [] or len(header["feature_names"].split()) != width:
            raise ValueError("feature names")
        made = [_tree(tree) for tree in trees]
        if all(tree is not None for tree in made):
            _canonical(header, trees)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise CorruptPipelineError(f"The booster is damaged: {error!r}.") from error
    known = [tree for tree in made if tree is not None]
    if len(known) < len(made) or (link == "softmax") != (outputs > 1) or len(made) % max(outputs, 1):
        return None
    return joined(
        known,
        [index % outputs for index in range(len(known))],
        [0.0] * outputs,
        link=link,
        width=width,
        is_mean="average_output" in header,
        allows_missing=True,
    )


def _blocks(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    if not text.startswith("tree\n") or "\nend of trees\n" not in text:
        raise ValueError("neither beginning nor end")
    body = text.partition("\nend of trees\n")[0]
    parts = re.split(r"\n\n*Tree=(\d+)\n", body)
    header = _fields(parts[0].removeprefix("tree\n"))
    numbers, bodies = parts[1::2], parts[2::2]
    if [int(number) for number in numbers] != list(range(len(numbers))):
        raise ValueError("trees out of order")
    # The library reads each tree by its length in bytes.
    sizes = [int(word) for word in header["tree_sizes"].split()]
    if len(sizes) != len(bodies):
        raise ValueError("tree sizes")
    starts = [match.start() + 1 for match in re.finditer(r"\nTree=\d+\n", text)]
    ends = [*starts[1:], text.index("end of trees")]
    if sizes != [len(text[a:b].encode()) for a, b in zip(starts, ends, strict=True)]:
        raise ValueError("tree sizes")
    return header, [_fields(each) for each in bodies]


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in text.strip("\n").split("\n"):
        key, _, value = line.partition("=")
        if not _WORD.fullmatch(key) or key in fields:
            raise ValueError(f"line {line[:40]!r}")
        fields[key] = value
    return fields


def _numbers(fields: Mapping[str, str], key: str, count: int, dtype: Any) -> NDArray[Any]:
    words = fields[key].split()
    if len(words) != count:
        raise ValueError(key)
    return np.array([dtype(word) for word in words])


def _tree(fields: Mapping[str, str]) -> Tree | None:
    leaves = int(fields["num_leaves"])
    if leaves < 1 or int(fields["num_cat"]) or int(fields.get("is_linear", "0")):
        return None
    values = _numbers(fields, "leaf_value", leaves, float)
    inner = leaves - 1
    if inner == 0:
        zero = np.zeros(1, dtype=np.int32)
        return Tree(zero - 1, np.zeros(1), zero, zero, zero != 0, values[:, np.newaxis])
    feature = _numbers(fields, "split_feature", inner, int)
    threshold = _numbers(fields, "threshold", inner, float)
    decision = _numbers(fields, "decision_type", inner, int)
    left, right = (_numbers(fields, key, inner, int) for key in ("left_child", "right_child"))
    for child in (left, right):
        if (child >= inner).any() or (~child[child < 0] >= leaves).any() or (feature < 0).any():
            raise ValueError("children")
    kind = (decision >> 2) & 3
    if (decision & 1).any() or (kind == 1).any():
        return None
    goes_left = np.where(kind == 2, decision & 2, threshold >= 0) != 0
    return _ordered(feature, threshold, left, right, goes_left, values)


def _ordered(
    feature: NDArray[Any],
    threshold: NDArray[Any],
    left: NDArray[Any],
    right: NDArray[Any],
    goes_left: NDArray[np.bool_],
    values: NDArray[Any],
) -> Tree:
    """Return the tree with each node before its children, leaves among them."""
    order: list[int] = []
    places: dict[int, int] = {}
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if node in places:
            raise ValueError("a node twice")
        places[node] = len(order)
        order.append(node)
        if node >= 0:
            waiting.extend((int(right[node]), int(left[node])))
    if len(order) != len(feature) + len(values):
        raise ValueError("a node that nothing leads to")
    nodes = np.array(order)
    is_leaf = nodes < 0
    at = np.where(is_leaf, 0, nodes)
    return Tree(
        feature=np.where(is_leaf, -1, feature[at]).astype(np.int32),
        threshold=np.where(is_leaf, 0.0, threshold[at]),
        left=np.array([0 if n < 0 else places[int(left[n])] for n in order], dtype=np.int32),
        right=np.array([0 if n < 0 else places[int(right[n])] for n in order], dtype=np.int32),
        missing_left=goes_left[at] & ~is_leaf,
        value=np.array([values[~n] if n < 0 else 0.0 for n in order])[:, np.newaxis],
    )


_LISTS: Mapping[str, tuple[int, Any]] = {
    # field → how many fewer there are than leaves, and what they are
    "split_feature": (1, int),
    "split_gain": (1, float),
    "threshold": (1, float),
    "decision_type": (1, int),
    "left_child": (1, int),
    "right_child": (1, int),
    "leaf_value": (0, float),
    "leaf_weight": (0, float),
    "leaf_count": (0, int),
    "internal_value": (1, float),
    "internal_weight": (1, float),
    "internal_count": (1, int),
}
_RANGE = re.compile(r"none|\[-?[0-9.e+-]{1,40}:-?[0-9.e+-]{1,40}\]")
_OBJECTIVE = re.compile(r"[a-z_0-9]{1,40}( [a-z_]{1,40}:[0-9.e+-]{1,40})*")


def _canonical(header: Mapping[str, str], trees: Sequence[Mapping[str, str]]) -> str:
    """Return the text again, made of nothing but numbers and words that are known."""
    width, outputs = int(header["max_feature_idx"]) + 1, int(header["num_tree_per_iteration"])
    ranges = header["feature_infos"].split()
    if not _OBJECTIVE.fullmatch(header["objective"]) or len(ranges) != width or not all(map(_RANGE.fullmatch, ranges)):
        raise ValueError("header")
    if int(header["num_class"]) != outputs or not 1 <= outputs <= 100_000 or not 1 <= width <= 1_000_000:
        raise ValueError("num_class")
    for word in ranges:
        if word != "none":
            low, high = (float(each) for each in word[1:-1].split(":"))
            if not low <= high:
                raise ValueError("feature_infos")
    blocks = [_canonical_tree(tree, width) for tree in trees]
    texts = [f"Tree={index}\n{block}\n\n" for index, block in enumerate(blocks)]
    lines = [
        "tree",
        "version=v4",
        f"num_class={outputs}",
        f"num_tree_per_iteration={outputs}",
        "label_index=0",
        f"max_feature_idx={width - 1}",
        f"objective={header['objective']}",
        *(["average_output"] if "average_output" in header else []),
        "feature_names=" + " ".join(f"Column_{index}" for index in range(width)),
        "feature_infos=" + " ".join(ranges),
        "tree_sizes=" + " ".join(str(len(text)) for text in texts),
    ]
    return "\n".join(lines) + "\n\n" + "".join(texts) + "end of trees\n\npandas_categorical:null\n"


def _canonical_tree(tree: Mapping[str, str], width: int) -> str:
    leaves = int(tree["num_leaves"])
    lines = [f"num_leaves={leaves}", "num_cat=0"]
    for key, (fewer, dtype) in _LISTS.items():
        if leaves == 1 and key != "leaf_value":
            # A tree without a split has only its leaf; the library leaves the other lines empty.
            lines.append(f"{key}=")
            continue
        values = _numbers(tree, key, leaves - fewer, dtype)
        if not np.isfinite(values).all() or (key == "split_feature" and (values >= width).any()):
            raise ValueError(key)
        lines.append(f"{key}=" + " ".join(repr(value) for value in values.tolist()))
    shrinkage = float(tree["shrinkage"])
    return "\n".join([*lines, "is_linear=0", f"shrinkage={shrinkage!r}", ""])
