"""What a TVAE may be told: the published choices, those that suit a number of rows, and those that make no sense."""

from dataclasses import dataclass
from typing import Any

from equipoise.errors import OptionError
from equipoise.synthesizers._options import (
    check_above_zero,
    check_choices,
    check_share,
    check_whole,
    check_widths,
    check_zero_or_more,
)

SHORT = 1_000  # steps, where none are held out

# L. Xu et al., Modeling Tabular Data using Conditional GAN, section 4.4 and appendix, with the choices of its published
# experiments. The likeliest category is what common implementations take.
PUBLISHED: dict[str, Any] = {
    "latent": 128,
    "hidden": (128, 128),
    "batch_size": 500,
    "epochs": 300,
    "patience": None,
    "learning_rate": 1e-3,
    "weight_decay": 1e-5,
    "loss_factor": 2.0,
    "class_power": 1.0,
    "label": "column",
    "means": "column",
    "codes": "rejection",
    "decode": "argmax",
}

CHOICES = {
    "label": ("condition", "column"),
    "means": ("mode", "column"),
    "codes": ("class", "prior", "posterior", "rejection"),
    "decode": ("draw", "argmax"),
}


@dataclass(frozen=True)
class Sizes:
    """What a fit uses: the user's choices, or else those that suit the number of rows."""

    latent: int
    hidden: tuple[int, ...]
    batch_size: int
    max_steps: int
    weight_decay: float

    @classmethod
    def of(cls, options: Any, n: int, held_out: bool) -> "Sizes":
        """Choose for n rows; `max_steps` is another where the options count in passes."""
        size = 0 if n < 2_000 else 1 if n < 10_000 else 2
        decay = options.weight_decay
        return cls(
            latent=options.latent or (32, 64, 128)[size],
            hidden=tuple(options.hidden or (128, 128)),
            batch_size=options.batch_size or (128, 256, 500)[size],
            max_steps=options.max_steps or (3_000 if held_out else SHORT),
            weight_decay=(1e-4, 1e-5, 1e-5)[size] if decay is None else decay,
        )


def check_options(options: Any) -> None:
    """Refuse parameters of a TVAE that are out of range or contradict each other."""
    check_whole(options, "latent", "batch_size", "max_steps", "epochs", "patience", optional=True)
    if options.hidden is not None:
        check_widths(options, "hidden")
    check_above_zero(options, "learning_rate", "loss_factor", "temperature")
    check_zero_or_more(options, "weight_decay", optional=True)
    check_zero_or_more(options, "tau")
    check_share(options, "class_power")
    check_choices(options, **CHOICES)
    _check_together(options)


def _check_together(options: Any) -> None:
    if options.max_steps is not None and options.epochs is not None:
        raise OptionError(
            f"max_steps and epochs are two budgets; give one of them, "
            f"got {options.max_steps} and {options.epochs}"
        )
    if options.codes == "rejection" and options.label != "column":
        raise OptionError(
            "codes='rejection' waits for rows whose label the network made itself, "
            "which takes label='column', got label='condition'"
        )
    if options.codes == "prior" and options.label == "column":
        raise OptionError(
            "codes='prior' decodes rows of any class where no class is told: with label='column' "
            "take codes='rejection', which keeps those of the class, got codes='prior'"
        )
