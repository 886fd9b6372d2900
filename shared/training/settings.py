"""The settings that every training has."""

from __future__ import annotations

import inspect
from dataclasses import KW_ONLY, dataclass, fields
from typing import Annotated, Any

from pydantic import Field, model_validator

from shared.base.suggestions import suggestion
from shared.paper.fields import SectionError
from shared.paper.schema import OF_OPTIMIZER


@dataclass(frozen=True)
class TrainingSettings:
    """Epochs, batches and optimiser, under the names that they have in each paper.toml.

    `optimizer` and `loss` are Keras's names; `batch_size` is in rows of the input. What begins with ``optimizer_`` is
    an option of the optimiser under its name in Keras, such as ``optimizer_momentum``; where paper.toml does not state
    it, it is None here and Keras's default counts. An optimiser that Keras does not have, or an option that it does not
    take, is refused when the settings are read.
    """

    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    shuffle: bool
    optimizer: str
    learning_rate: Annotated[float, Field(gt=0)]
    loss: str
    _: KW_ONLY
    optimizer_momentum: float | None = None
    optimizer_nesterov: bool | None = None
    optimizer_weight_decay: float | None = None
    optimizer_beta_1: float | None = None
    optimizer_beta_2: float | None = None
    optimizer_epsilon: float | None = None
    optimizer_amsgrad: bool | None = None
    optimizer_rho: float | None = None
    optimizer_centered: bool | None = None
    optimizer_clipnorm: float | None = None
    optimizer_clipvalue: float | None = None
    optimizer_global_clipnorm: float | None = None

    @property
    def optimizer_options(self) -> dict[str, float | bool]:
        """The options that are stated, by their names in Keras."""
        stated = {name.removeprefix(OF_OPTIMIZER): getattr(self, name) for name in _option_fields()}
        return {name: value for name, value in stated.items() if value is not None}

    @model_validator(mode="before")
    @classmethod
    def _check_options(cls, settings: Any):
        """Of all settings of a task, those that are an optimiser's must be options of the one that is named."""
        name = settings.get("optimizer") if isinstance(settings, dict) else None
        if not isinstance(name, str):
            return settings  # which is said of the field itself
        optimizers = keras_optimizers()
        if name.lower() not in optimizers:
            found = f"is {name!r}: Keras has no such optimiser; {suggestion(name.lower(), sorted(optimizers))}"
            raise SectionError("optimizer", found)
        taken = options_of(name)
        for setting in settings:
            option = setting.removeprefix(OF_OPTIMIZER)
            if setting.startswith(OF_OPTIMIZER) and option not in taken:
                known = ", ".join(f"{OF_OPTIMIZER}{one}" for one in taken)
                called = optimizers[name.lower()].__name__
                raise SectionError(setting, f"is no option of Keras's {called}, which takes {known}")
        return settings


def keras_optimizers() -> dict[str, type]:
    """Keras's optimisers by their names in small letters, as `keras.optimizers.get` takes them."""
    import keras

    kinds = [kind for kind in vars(keras.optimizers).values() if inspect.isclass(kind)]
    ours = [kind for kind in kinds if issubclass(kind, keras.optimizers.Optimizer)]
    wrappers = (keras.optimizers.Optimizer, keras.optimizers.LossScaleOptimizer)
    return {kind.__name__.lower(): kind for kind in ours if kind not in wrappers}


def options_of(optimizer: str) -> list[str]:
    """The options that a Keras optimiser takes and a paper.toml can state, in Keras's order."""
    parameters = inspect.signature(keras_optimizers()[optimizer.lower()]).parameters
    return [name for name in parameters if f"{OF_OPTIMIZER}{name}" in _option_fields()]


def _option_fields() -> list[str]:
    return [field.name for field in fields(TrainingSettings) if field.name.startswith(OF_OPTIMIZER)]
