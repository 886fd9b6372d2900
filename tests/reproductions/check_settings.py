"""What holds for the settings of every paper, whatever it is of. Each paper's tests call this."""

import ast
import itertools
from collections.abc import Collection
from dataclasses import fields, is_dataclass
from types import ModuleType

from shared.paper.schema import OF_OPTIMIZER, PAPERS_ROOT, Paper, overridden
from shared.paper.settings import groups_in, names_of, read_settings


def check_settings(paper: Paper, module: ModuleType, done: Collection[str]) -> None:
    """Fail unless the code reads each setting of paper.toml and no other, and knows all values that are written there.

    Parameters
    ----------
    module
        The paper's ``settings``, whose dataclasses are the groups that are read.
    done
        Settings that are done without being read.
    """
    groups = groups_in(module)
    names = {group: names_of(group) & paper.settings.keys() for group in groups}  # a shared one may have others
    needed = {group: {name for name in names[group] if not name.startswith(OF_OPTIMIZER)} for group in groups}
    declared = set().union(*names.values())
    assert declared | set(done) == paper.settings.keys(), "each is in a group, or done without being read"
    assert not declared & set(done), "these are in a group, so they are read"
    readings = {name: setting.readings for name, setting in paper.settings.items() if setting.readings}
    assert not readings.keys() & set(done), "what is done without being read has no other readings"
    for variant in paper.variants:
        for model in filter(lambda name: paper.models[name].learns, paper.models_for(variant)):
            settings = paper.settings_for(variant, model)
            about = [group for group in groups if needed[group] <= settings.keys()]
            read = set().union(*(names_of(group) for group in about))
            unread = settings.keys() - read - set(done)
            assert not unread, f"each that {model} has under {variant} can be read for it, and not {sorted(unread)}"
            others = [{name: one.value} | one.also for name in readings for one in readings[name]]
            for group, changed in itertools.product(about, [{}, *others]):
                read_settings(group, overridden(settings, changed))
    files = [*paper.path.parent.glob("*.py"), *(PAPERS_ROOT.parent / "shared" / "layers").glob("*.py")]
    code = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    used = {node.attr for node in code if isinstance(node, ast.Attribute)}
    used |= {node.arg for node in code if isinstance(node, ast.arg)}  # a group may be the parameters of a layer
    shared = [base for group in groups for base in group.__bases__ if is_dataclass(base)]
    inherited = {field.name for base in shared for field in fields(base)}
    assert {field.name for group in groups for field in fields(group)} - inherited <= used, "each field is used"
