"""``python -m reproductions run``: plan what is asked for, do it, merge it into the results, print the table."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reproductions.commands.options import (
    PROTOCOL_HELP,
    known_corpus,
    known_protocol,
    models_of,
    module_of,
    numbers,
    part_of,
    positive,
    sweep_leftovers,
    variants_of,
)
from shared.paper.loading import load_paper
from shared.paper.schema import Paper, PaperError

PRECISIONS = ("auto", "float32", "bfloat16")
EPILOG = """\
A run can be stopped at any moment, also with kill -9; the same command goes on from the last whole epoch. What another
run is at is left to it, and waited for. One training that fails does not stop the others.

examples:
  python -m reproductions run lam_ensemble --variant all --seeds 0-2 --plan
  python -m reproductions run lam_ensemble --variant all --seeds 0-2 --workers 2
  python -m reproductions run lam_ensemble --variant all --seeds 0-2 --shard 3/8
  python -m reproductions run verma_genres --mode 1 --corpus gtzan_features_30s --readings --budget 30min --plan
  python -m reproductions run verma_genres --mode 1 --set learning_rate=0.0003
"""


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    run = commands.add_parser(
        "run",
        help="train what is not done yet and print the table (goes on where it stopped)",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("paper", metavar="PAPER")
    run.add_argument("--variant", default="paper", help="names separated by commas, or all (default: paper)")
    run.add_argument("--model", help="names separated by commas (default: all of the variant's)")
    run.add_argument("--mode", type=numbers, help="models by the paper's own number, of a paper that counts in modes")
    run.add_argument("--protocol", default="published", help=f"{PROTOCOL_HELP} (default: published)")
    folds = "a fold, or several: 0-9 (default: 0; all where the paper has folds)"
    run.add_argument("--fold", "--folds", dest="folds", type=numbers, help=folds)
    run.add_argument(
        "--seed", "--seeds", dest="seeds", type=numbers, default=[0], help="0, or 0-2, or 0,3 (default: 0)"
    )
    run.add_argument("--corpus", help="the corpus to train on (default: the paper's); some papers also take synthetic")
    run.add_argument("--precision", default="auto", choices=PRECISIONS, help="auto: bfloat16 where it is faster")
    run.add_argument("--device", metavar="CPU|N", type=device, help="cpu, or the number of a GPU (default: the first)")
    run.add_argument("--epochs", type=positive, help="stop after so many epochs; running it again goes on")
    run.add_argument(
        "--pretrain", metavar="CORPUS", help="begin on another corpus, of a paper that has a variant for it"
    )
    run.add_argument(
        "--readings", action="store_true", help="paper, and each other reading of each silent setting, one at a time"
    )
    run.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a setting of your own; stays out of the results",
    )
    run.add_argument(
        "--tensorboard", action="store_true", help="also write each epoch for TensorBoard, beside what a run keeps"
    )
    run.add_argument("--restart", action="store_true", help="forget what these runs have done so far")
    plan = run.add_argument_group("the plan")
    plan.add_argument("--plan", action="store_true", help="print each task, how far it is and how long it will take")
    plan.add_argument("--json", action="store_true", help="with --plan: as JSON")
    part = plan.add_mutually_exclusive_group()
    part.add_argument("--task", metavar="KEY", help="only this one, by its key in the plan, and what it needs")
    part.add_argument("--shard", metavar="I/N", type=part_of, help="only every Nth, from the Ith: 1/4 to 4/4")
    where = plan.add_mutually_exclusive_group()
    where.add_argument("--workers", metavar="N", type=positive, help="so many processes at a time (default: this one)")
    where.add_argument("--cluster", metavar="ADDRESS", help="the workers of a Dask scheduler (docs/cluster.md)")
    of_budget = "begin nothing that would end after 6h, 90min or 45s; with --readings: several readings together, too"
    plan.add_argument("--budget", metavar="TIME", help=of_budget)
    plan.add_argument("--no-report", action="store_true", help="merge the results, but draw and print no tables")
    run.set_defaults(work=work)


def device(text: str) -> str:
    """``cpu`` or the number of a GPU, as CUDA counts them: -1 is none."""
    if text != "cpu" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r}: expected cpu, or the number of a GPU such as 0")
    return "-1" if text == "cpu" else text


def work(options: argparse.Namespace) -> int:
    """Check names, then do what is asked for."""
    from shared.runs.budget import seconds_of

    paper = load_paper(options.paper)
    if options.device is not None:
        if options.cluster:
            raise ValueError("--device is of this machine: leave it out with --cluster, whose workers have their own")
        os.environ["CUDA_VISIBLE_DEVICES"] = options.device  # before TensorFlow is imported; workers inherit it
    if options.json and not options.plan:
        raise ValueError("--json goes with --plan")
    tasks = chosen(asked_for(paper, options), options.task, options.shard)
    seconds = seconds_of(options.budget) if options.budget else None
    if options.plan:
        return show_plan(paper, tasks, options.json, seconds, options.workers or 1)
    if options.tensorboard:
        show_tensorboard(paper, options.cluster)
    sweep_leftovers()
    place = {"workers": options.workers or 0, "cluster": options.cluster or ""}
    return carry_out(paper, tasks, restart=options.restart, report=not options.no_report, seconds=seconds, **place)


def show_tensorboard(paper: Paper, cluster: str | None) -> None:
    """Have every epoch written for TensorBoard, by this process and its workers, and print how it is opened."""
    from shared.base.places import TENSORBOARD_VARIABLE
    from shared.runs.units import runs_root

    if cluster:
        raise ValueError("--tensorboard writes on this machine: leave it out with --cluster")
    os.environ[TENSORBOARD_VARIABLE] = "1"
    print(f"for TensorBoard: {sys.executable} -m tensorboard.main --logdir {runs_root() / paper.id}", flush=True)


def asked_for(paper: Paper, options: argparse.Namespace) -> list:
    """The tasks that the options ask for. Raises PaperError or ValueError."""
    if options.readings:
        if options.set or options.variant != "paper":
            raise ValueError("--readings are those of variant paper: leave out --variant and --set")
        return plan_of_readings(paper, request_of(paper, options), combined=bool(options.budget))
    if options.set:
        from shared.paper.readings import with_custom

        paper, name = with_custom(paper, options.variant, values_of(paper, options.set))
        options = argparse.Namespace(**vars(options) | {"variant": name})
    if options.task:
        from shared.paper.readings import is_reading

        request, variant = request_of_key(paper, options), options.task.split(".")[1]
        if is_reading(variant) and variant not in paper.variants:  # the request is that of paper itself
            return plan_of_readings(paper, request, combined=True)
        return plan_of(paper, request)
    return plan_of(paper, request_of(paper, options))


def plan_of_readings(paper: Paper, request, combined: bool) -> list:
    """A training of `paper` and of each reading, one at a time for all models, then, if asked for, of several readings
    together, such that each pair of values is seen at least once.

    Only the networks themselves are trained; probes and constant predictors stand beside `paper` already. What the
    results have already, such as a named variant with the settings of a reading, is not trained again.
    """
    from shared.paper.readings import choices, combinations, one_at_a_time, with_readings
    from shared.runs.plan import in_order

    models = [model for model in request.models or paper.models if choices(paper, model)]
    if not models:
        raise PaperError(f"{paper.id} has no setting with readings: paper.toml lists them at the setting")
    tasks = []
    for readings_of in (one_at_a_time, combinations) if combined else (one_at_a_time,):
        read, names = with_readings(paper, {model: readings_of(paper, model) for model in models})
        for model in models:
            variants = dict.fromkeys([*(["paper"] if readings_of is one_at_a_time else []), *names[model]])
            planned = plan_of(read, replace(request, variants=list(variants), models=[model]))
            tasks += [task for task in planned if task.work == "train" and task.unit.model == model]
    there = [task for task in tasks if task.unit.precision in precisions_in_results(paper, task)]
    if there:
        n = len({task.key for task in there})
        what = "one training is" if n == 1 else f"{n} trainings are"
        print(f"{what} in the results already, with these settings, and not done again", file=sys.stderr)
    return in_order(task for task in tasks if task not in there)


def precisions_in_results(paper: Paper, task) -> list[str]:
    """Those in which the results have a task's unit, complete, of the same settings and whole."""
    from shared.results.reading import Opened, unit_answer
    from shared.results.store import results_folder
    from shared.runs.units import UNITS, ResultsError

    folder, settings = results_folder(paper.id, task.unit.corpus) / UNITS, json.loads(json.dumps(task.settings))

    def has(precision: str) -> bool:
        try:
            record = unit_answer(folder / replace(task.unit, precision=precision).key, Opened()).record
        except ResultsError:  # not there, or it counts for nothing, and whoever reads the results says why
            return False
        same = all(record.get("settings", {}).get(name, value) == value for name, value in settings.items())
        return record["status"] == "complete" and same

    return [precision for precision in PRECISIONS[1:] if has(precision)]


def values_of(paper: Paper, asked: Sequence[str]) -> dict:
    """``["learning_rate=0.0003"]`` as names and values, which are of their settings' kinds."""
    import tomllib

    values = {}
    for text in asked:
        name, equals, value = text.partition("=")
        there = paper.setting(name)
        with contextlib.suppress(tomllib.TOMLDecodeError):  # a text need not be quoted
            value = tomllib.loads(f"value = {value}")["value"]
        numbers = (int, float)
        fits = type(value) is type(there) or (type(value) in numbers and type(there) in numbers)
        finite = not isinstance(value, float) or math.isfinite(value)
        if not equals or not fits or not finite:
            raise ValueError(f"--set {text}: expected {name}= and a value such as {paper.id} has, {there!r}")
        if value == there:
            raise ValueError(f"--set {text}: that is what variant paper has")
        values[name] = value
    return values


def request_of(paper: Paper, options: argparse.Namespace):
    """What the options ask for, of names that are known. Raises PaperError or ValueError."""
    from shared.runs.plan import Request

    variants = variants_of(paper, options.variant)
    models = models_of(paper, options.model, options.mode)
    if models and not any(set(models) & set(paper.models_for(variant)) for variant in variants):
        about = (f"variant {variant} is only about {', '.join(paper.models_for(variant))}" for variant in variants)
        raise PaperError("; ".join(about))
    request = Request(
        variants=variants,
        models=models,
        protocol=options.protocol,
        folds=options.folds,
        seeds=options.seeds,
        corpus=options.corpus,
        precision=options.precision,
        epochs=options.epochs,
        pretrain=options.pretrain,
    )
    return checked(paper, request)


def checked(paper: Paper, request):
    """The request, if its corpora and its protocol are known and the paper can begin on another corpus if asked."""
    from data_prep import CORPORA

    corpora = {request.corpus} if request.corpus else {paper.corpus_of(m) for m in request.models or paper.models}
    for corpus in corpora | ({request.pretrain} if request.pretrain else set()):
        known_corpus(corpus)
    known_protocol(request.protocol, *corpora)
    own = {paper.corpus.name, *map(paper.corpus_of, paper.models)}
    for corpus in sorted(corpora & own):
        same_classes(paper, corpus)
    for protocol in paper.corpus.protocols if own <= CORPORA.keys() else ():
        try:
            known_protocol(protocol, *own)
        except ValueError as error:
            raise PaperError(f"{paper.path}: corpus.protocols.{protocol}: {error}") from None
    if request.pretrain and "pretrained_on" not in paper.settings:
        raise PaperError(f"{paper.id} has no networks that begin on another corpus, so --pretrain says nothing to it")
    return request


def same_classes(paper: Paper, corpus: str) -> None:
    """Raise PaperError unless a corpus has the classes that paper.toml says; a user's library has its own."""
    import data_prep

    stated, there = set(paper.corpus.classes), set(data_prep.corpus(corpus).classes())
    if there and stated != there:
        odd = [f"{name!r} is in corpus.classes only" for name in sorted(stated - there)]
        odd += [f"{name!r} is in the corpus only" for name in sorted(there - stated)]
        raise PaperError(f"{paper.path}: corpus.classes are not those of the corpus {corpus}: {', '.join(odd)}")


def request_of_key(paper: Paper, options: argparse.Namespace):
    """The request whose plan has the task of a key, such as ``model-3.paper.published.fold0.seed0.float32.vntm-…``."""
    from shared.runs.plan import Request
    from shared.runs.units import slug

    form = r"(?P<model>[^.]+)\.(?P<variant>[^.]+)\.(?P<protocol>[^.]+)\.fold(?P<fold>\d+)\.seed(?P<seed>\d+)"
    found = re.fullmatch(form + r"\.(?P<precision>[^.]+)\.(?P<corpus>.+)-[0-9a-f]{8}", options.task)
    if found is None:
        raise ValueError(f"{options.task!r} is no key of a task; 'run {paper.id} --plan' lists them")
    models = [name for name in paper.models if slug(name) == found["model"]]
    request = Request(
        variants=[found["variant"]] if found["variant"] in paper.variants else list(paper.variants)[:1],
        models=models or None,
        protocol=found["protocol"],
        folds=[int(found["fold"])],
        seeds=[int(found["seed"])],
        corpus=found["corpus"],
        precision=found["precision"],
        epochs=options.epochs,
        pretrain=options.pretrain,
    )
    return checked(paper, request)


def plan_of(paper: Paper, request) -> list:
    """The tasks of a request, in an order in which they can be done.

    Raises
    ------
    SettingsError
        A setting has a value that the paper's code does not know; names the paper.toml and those that it knows.
    """
    from shared.paper.settings import SettingsError, check_settings
    from shared.runs.plan import in_order

    tasks, groups = in_order(module_of(paper, "train").plan(paper, request)), module_of(paper, "settings")
    for task in tasks:
        try:
            check_settings(groups, task.settings, of_others=paper.settings)
        except SettingsError as error:
            raise SettingsError(f"{paper.path}, variant {task.unit.variant}: {error}") from None
    return tasks


def chosen(tasks: Sequence, key: str | None, part: tuple[int, int] | None) -> list:
    """All tasks, or one, or every so many, with what they need. Raises ValueError for a key that is not there."""
    from shared.runs.plan import shard, with_needs

    if part:
        return shard(tasks, *part)
    if key is None:
        return list(tasks)
    if key not in {task.key for task in tasks}:
        near = [task.key for task in tasks if task.key.rpartition("-")[0] == key.rpartition("-")[0]]
        raise ValueError(f"the plan has no task {key}" + "".join(f"; with the corpus as it is here: {k}" for k in near))
    return [replace(task, asked=task.key == key) for task in with_needs(tasks, [key])]


def estimates_for(paper: Paper, corpora: set[str]):
    """What is known of a paper's times, from the records in the results, the committed ones too, and in the cache."""
    from shared.base.places import FOLDERS, RESULTS_VARIABLE, cache_root
    from shared.results.store import results_folder
    from shared.runs.estimates import Estimates
    from shared.runs.units import ResultsError, read_unit, units_in
    from shared.training.precision import product_seconds

    folders = {results_folder(paper.id, corpus) / "units" for corpus in corpora} | {cache_root() / "runs" / paper.id}
    folders.add(FOLDERS[RESULTS_VARIABLE] / paper.id / "units")
    estimates = Estimates(product_seconds=product_seconds)
    for folder in sorted(folders):
        for unit in units_in(folder):
            with contextlib.suppress(ResultsError):  # a damaged one is named where it counts
                estimates.add(read_unit(unit))
    return estimates


def show_plan(paper: Paper, tasks: Sequence, as_json: bool, budget: float | None = None, slots: int = 1) -> int:
    """Print each task with its state and its time, and the sum; of a budget in seconds, what it leaves out."""
    from shared.runs.budget import that_fit
    from shared.runs.estimates import in_words, total
    from shared.runs.plan import FEATURES
    from shared.runs.work import COMPLETE, is_done, state_of

    estimates = estimates_for(paper, {task.unit.corpus for task in tasks})
    left_out = []
    if budget is not None:
        tasks, left_out = that_fit(tasks, budget, estimates, slots)
    needed = {need for task in tasks if task.work != FEATURES and not is_done(task) for need in task.needs}
    rows = []
    for task in tasks:
        if task.work == FEATURES and task.key not in needed:
            continue
        there = [] if task.work == FEATURES else precisions_in_results(paper, task)
        rows.append((task, state_of(task), estimates.remaining(task), there))
    seconds, unknown = total(left for _, _, left, _ in rows)
    if as_json:
        listed = [
            {"key": task.key, "state": state.name, "epochs_done": state.epochs, "reason": state.reason}
            | {"seconds": None if left is None else round(left, 1), "in_results": there, **task.as_dict()}
            for task, state, left, there in rows
        ]
        summed = {"seconds": round(seconds, 1), "of_unknown_time": unknown}
        print(json.dumps({"tasks": listed, **summed, "left_out": [task.key for task in left_out]}, indent=1))
        return 0
    width = max((len(task.key) for task, *_ in rows), default=0)
    for task, state, left, there in rows:
        words = "as needed" if task.work == FEATURES else str(state)
        time = "" if state.name == COMPLETE or left == 0 else "time not known" if left is None else in_words(left)
        note = f"in the results, {' and '.join(there)}" if there else ""
        print(f"{task.key:<{width}}  {words:<24}  {time:<14}  {note}".rstrip())
        if state.name != COMPLETE and (was := changed_since(task)):
            print(f"  begun under other settings ({was}): put paper.toml back, or run with --restart")
    trainings = [(task, state) for task, state, *_ in rows if task.work != FEATURES]
    n_complete = sum(state.name == COMPLETE for _, state in trainings)
    untold = [f"{unknown} of which no record tells the time"] if unknown else []
    told = [f"about {in_words(seconds)} in this process"] if seconds or not unknown else []
    print(f"{len(trainings)} tasks, {n_complete} complete; {', and '.join(told + untold)}")
    if n_there := sum(bool(there) and state.name != COMPLETE for _, state, _, there in rows):
        print(
            f"{n_there} of them {'count' if n_there > 1 else 'counts'} in the tables already; run does them once more"
        )
    if left_out:
        rest, _ = total(map(estimates.remaining, left_out))
        print(f"{len(left_out)} more do not fit into {in_words(budget)}; all of them would take about {in_words(rest)}")
    return 0


def changed_since(task) -> str:
    """Which settings a task was begun with otherwise; empty where none, or where what was begun cannot be read."""
    from shared.runs.plan import FEATURES
    from shared.runs.units import ResultsError, changed_settings

    if task.work != FEATURES:
        with contextlib.suppress(ResultsError):  # named where the task begins
            return changed_settings(task.folder, task.settings)
    return ""


def run_paper(
    paper_id: str, *, restart: bool = False, workers: int = 0, cluster: str = "", report: bool = True, **asked
) -> int:
    """Plan and do what is asked for, in the words of `shared.runs.plan.Request`; returns the exit status."""
    from shared.runs.plan import Request

    paper = load_paper(paper_id)
    tasks = plan_of(paper, Request(**asked))
    return carry_out(paper, tasks, restart=restart, workers=workers, cluster=cluster, report=report)


def carry_out(
    paper: Paper,
    tasks: Sequence,
    *,
    restart: bool,
    workers: int = 0,
    cluster: str = "",
    report: bool = True,
    seconds: float | None = None,
) -> int:
    """Do the tasks, merge what they made, print the tables and what failed, or what did not fit into so many seconds.

    They are done by so many processes, by the workers of the Dask scheduler at an address, or in this process.

    Returns
    -------
    int
        1 when a task failed, else 0, also where the budget left some out.
    """
    from shared.runs.budget import Budget
    from shared.runs.cluster import Cluster
    from shared.runs.estimates import in_words
    from shared.runs.execute import DONE, LEFT_OUT, Processes, execute

    estimates = estimates_for(paper, {task.unit.corpus for task in tasks})
    budget = None if seconds is None else Budget(seconds, estimates)
    outcomes, lines, refused = [], [], ""
    try:
        place = Cluster(cluster) if cluster else Processes(workers) if workers else None
        outcomes = execute(tasks, place, restart=restart, estimates=estimates, budget=budget)
    finally:  # what was finished before Ctrl-C counts
        lines, refused = merge_done(paper, tasks, {outcome.key for outcome in outcomes if outcome.worked})
    if report and any(task.asked for task in tasks):
        show_tables(paper, tasks)
        show_custom(paper, tasks)
    print("\n".join(filter(None, [*lines, refused])))
    if budget:
        print(f"{in_words(budget.seconds - budget.left)} of the budget of {in_words(budget.seconds)} used")
    left_out = [outcome for outcome in outcomes if outcome.state == LEFT_OUT]
    if left_out:
        print(f"\n{len(left_out)} of {len(outcomes)} tasks were left out by the budget; the same command goes on:")
        for reason in dict.fromkeys(outcome.reason for outcome in left_out):
            print(f"{reason}:")
            print("\n".join(f"  {outcome.key}" for outcome in left_out if outcome.reason == reason))
    failed = [outcome for outcome in outcomes if outcome.state not in (DONE, LEFT_OUT)]
    if failed:
        print(f"\n{len(failed)} of {len(outcomes)} tasks {'were' if len(failed) > 1 else 'was'} not done:")
        print("\n".join(f"  {outcome.key}: {outcome.state}: {outcome.reason}" for outcome in failed))
    return int(bool(failed or refused))


def merge_done(paper: Paper, tasks: Sequence, worked: set[str]) -> tuple[list[str], str]:
    """Merge what the tasks have made into the results; return a line a unit that was trained or evaluated just now, and
    why some are not merged, if so.

    A unit that nobody asked for, such as one to begin from, is not written over one that is there; nor is a complete
    one over a complete one when nothing was done now.
    """
    from shared.paper.readings import is_custom
    from shared.results import store
    from shared.runs.plan import FEATURES
    from shared.runs.units import ResultsError, read_record

    keys, lines, refused = [], [], ""
    for task in (task for task in tasks if task.work != FEATURES):
        ours = there = None
        with contextlib.suppress(ResultsError):  # a damaged one counts for nothing, and the merge names it
            ours = read_record(task.folder)
            there = read_record(store.results_folder(paper.id, task.unit.corpus) / "units" / task.key)
        finished = there is not None and there["status"] == "complete"
        if not finished or (task.key in worked and task.asked):
            keys.append(task.key)
        if ours is not None and task.key in worked and task.asked and not is_custom(task.unit.variant):
            kept = finished and ours["status"] != "complete"
            with contextlib.suppress(ResultsError):
                lines.append(just_done(paper, task, ours) + "; a finished unit of this key counts in the table" * kept)
    try:
        store.merge(paper, keys)
    except ResultsError as error:
        refused = f"error: {error}"
    return lines, refused


def just_done(paper: Paper, task, record: dict) -> str:
    """A line on a unit that was trained or evaluated just now."""
    return f"just done: {scores_of(paper, task, record)}"


def scores_of(paper: Paper, task, record: dict) -> str:
    """A unit in the cache: its key, its epochs, and its scores of the paper's columns."""
    from shared.metrics.scores import METRICS
    from shared.runs.predictions import read_predictions

    predictions = read_predictions(task.folder, record)
    columns = dict.fromkeys((column.split, column.metric) for table in paper.tables for column in table.columns)
    scores = []
    for split, metric in columns:
        part = predictions.on(split)
        if len(part.clips):
            scores.append(f"{split} {metric} {METRICS[metric](part.y_true, part.y_prob):.4f}")
    planned = f" of {record['epochs_planned']}" if record.get("epochs_planned") else ""
    epochs = f", {record['epochs']}{planned} epochs" if record["epochs"] else ""
    return f"{task.key}{epochs}: {', '.join(scores)}"


def show_custom(paper: Paper, tasks: Sequence) -> None:
    """Print what runs with settings of somebody's own came to; they are in no table of the paper's."""
    from shared.paper.readings import is_custom
    from shared.runs.units import read_record

    there = [task for task in tasks if task.asked and is_custom(task.unit.variant)]
    if there:
        print("With settings of your own, kept in the cache and in no table:")
    for task in there:
        record = read_record(task.folder)
        print(f"  {scores_of(paper, task, record) if record else task.key + ': not run'}")


def show_tables(paper: Paper, tasks: Sequence) -> None:
    """Write and print the tables of what was asked for, regenerated beside published."""
    from shared.paper.readings import is_custom, is_reading
    from shared.report.files import write_outputs
    from shared.report.multilabel import render_labels
    from shared.report.tables import render_text
    from shared.results.diff import compare
    from shared.results.store import results_folder

    asked = [task.unit for task in tasks if task.asked]
    if all(is_custom(unit.variant) for unit in asked):
        return
    corpora = {paper.corpus.name if paper.is_own(unit.model, unit.corpus) else unit.corpus for unit in asked}
    wanted = {unit.variant for unit in asked}
    for corpus in sorted(corpora):
        folder: Path = results_folder(paper.id, corpus)
        results = write_outputs(paper, folder).results
        variants = [name for name in paper.variants if name in wanted and not is_reading(name)]
        diff = compare(results, variants, asked[0].protocol, corpus)
        print(render_text(diff), end="")
        if paper.corpus.labels == "multi":
            print("\n" + render_labels(diff), end="")
