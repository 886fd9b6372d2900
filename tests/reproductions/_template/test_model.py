"""The networks have the paper's shapes and counts, which stand in paper.toml."""

import pytest

from reproductions._template.model import build
from shared.paper.loading import load_paper
from shared.training.scaling import SCALING

PAPER = load_paper("_template")


@pytest.mark.parametrize("name", PAPER.models)
def test_shapes_and_parameters_are_those_of_paper_toml(name):
    facts = PAPER.models[name]
    model = build(name, PAPER.settings_for(model=name), facts.input_shape, len(PAPER.corpus.classes))
    shapes = [layer.output.shape[1:] for layer in model.layers]
    printed = [shape for _, shape in facts.layers]
    there = iter(shapes)
    assert all(shape in there for shape in printed), f"{printed} is not in {shapes}, in this order"
    assert model.output_shape == (None, len(PAPER.corpus.classes))
    assert facts.parameters in (None, model.count_params() - model.get_layer(SCALING).count_params())


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match=r"model 'x' has no builder in model\.py; the known are: "):
        build("x", {}, (), 0)
