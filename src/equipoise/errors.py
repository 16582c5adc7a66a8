"""What can go wrong, as a short tree.

Every message says what was expected, what came, where it came from, and what to do about it.
"""


class EquipoiseError(Exception):
    """Base of every error that Equipoise raises on purpose."""


class DataError(EquipoiseError, ValueError):
    """A table, a target or a file does not hold what was expected."""


class OptionError(EquipoiseError, ValueError):
    """An option, a name or a parameter has a value that cannot be used."""


class MissingExtra(EquipoiseError, ImportError):
    """A method needs packages that are not installed; the message has the command that brings them."""


class MissingModel(MissingExtra):
    """A pretrained model is neither in a folder nor to be had from its hub; the message says how to get one."""


class NotFittedError(EquipoiseError, ValueError, AttributeError):
    """Rows were asked of a synthesizer that has not been fitted."""


class SamplingExhausted(EquipoiseError):
    """A sampler has spent its budget of tries or seconds without making what was asked."""


class StoreError(EquipoiseError):
    """A run folder or a results file cannot be used."""


class EquipoiseWarning(UserWarning):
    """Something that a user should know about a table or a result, though the work goes on."""
