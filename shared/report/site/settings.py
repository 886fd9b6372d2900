"""Where everything comes from: settings with their origin, variants, models."""

from __future__ import annotations

from shared.paper.schema import Paper, Setting
from shared.report.readme import reason_text, shape_text, value_text
from shared.report.site.html import Html, h, joined, prose
from shared.report.site.page import Part, table

ORIGINS = {
    "paper": "the paper says it",
    "arithmetic": "it follows from what the paper says",
    "authors' code": "the authors’ released code has it",
    "cited work": "a work that the paper cites has it",
    "assumed": "nobody says, or it cannot be had; chosen, with the reason beside it",
}


def settings_part(paper: Paper) -> Part:
    """Settings, the variants that change some of them, and the models."""
    shares = {origin: sum(s.origin == origin for s in paper.settings.values()) for origin in ORIGINS}
    said = [h("li", h("b", n), f" {origin}: {ORIGINS[origin]}") for origin, n in shares.items() if n]
    intro = joined([h("p", "A run has a value for everything, whether the paper gives one or not."), h("ul", said)])
    parts = [Part("Variants: other readings of the paper", _variants(paper), short="Variants")]
    if paper.models:
        parts.append(Part("Models, layer by layer", joined([_model(model) for model in paper.models.values()])))
    return Part("Where each setting comes from", joined([intro, _settings(paper)]), tuple(parts), short="Settings")


def _settings(paper: Paper) -> Html:
    some = any(setting.models for setting in paper.settings.values())
    rows = []
    for setting in paper.settings.values():
        about = [", ".join(setting.models) or "all models"] if some else []
        rows.append(
            [h("code", setting.name), value_text(setting), setting.unit, *_origin(setting), _why(setting), *about]
        )
    head = ["setting", "value", "unit", "origin", "section", "reason or note", *(["of"] if some else [])]
    caption = "Every setting of variant paper: its value and unit, who says so, and where or why"
    return table(head, rows, caption, class_="settings")


def _origin(setting: Setting) -> list[Html | str]:
    kind = "origin assumed" if setting.origin == "assumed" else "origin"
    return [h("span", setting.origin, class_=kind), setting.where]


def _why(setting: Setting) -> Html:
    return prose(reason_text(setting))


def _variants(paper: Paper) -> Html:
    rows = []
    for variant in paper.variants.values():
        changes = [
            h("li", h("code", f"{s.name} = {value_text(s)}"), f" ({s.origin})") for s in variant.settings.values()
        ]
        models = "all" if len(variant.models) == len(paper.models) else ", ".join(variant.models)
        origin = f"{variant.origin}, {variant.where}" if variant.where else variant.origin
        changed = h("ul", changes) if changes else "none"
        rows.append(
            [h("code", variant.name), prose(variant.description), changed, models, origin, prose(variant.reason)]
        )
    head = ["variant", "what it is", "settings that differ", "models", "origin", "reason"]
    return table(head, rows, "Readings of the paper that can be run, and what sets them apart")


def _model(model) -> Html:
    total = f"{model.parameters:,} parameters ({model.parameters_origin or 'paper'})" if model.parameters else ""
    shape = f"input {shape_text(model.input_shape)}" if model.input_shape else ""
    corpus = f"on corpus {model.corpus}" if model.corpus else ""
    facts = ", ".join(text for text in (model.where, shape, total, corpus) if text)
    caption = [h("b", model.name), f": {model.title} ({facts})" if facts else f": {model.title}"]
    if not model.layers:
        return h("p", caption)
    rows = [[layer, shape_text(shape)] for layer, shape in model.layers]
    return table(["layer", "output"], rows, caption, numbers=(1,), class_="layers")
