"""The options of `CTGAN` that are those of the paper."""

from typing import Any

# L. Xu et al., section 4.4 and appendix. Nothing is judged: the whole budget is spent and the last generator kept.
PUBLISHED: dict[str, Any] = {
    "noise": 128,
    "hidden": (256, 256),
    "batch_size": 500,
    "judge_by": None,
    "pack": 10,
    "critic_steps": 1,
    "learning_rate": 2e-4,
    "critic_learning_rate": 2e-4,
    "weight_decay": 1e-6,
    "penalty": 10.0,
    "temperature": 0.2,
    "dropout": 0.5,
    "log_frequency": True,
    "average": 0.0,
    "calibrate": False,
}
