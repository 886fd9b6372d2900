"""``python -m reproductions demo``: a local page to speak a digit into, or to drop a song on.

It is Gradio's, which requirements-demo.txt has. It listens on this machine alone, asks nothing of any network, and
keeps a recording until it ends. A paper that has a ``demo.py`` has a tab: it says what to give, makes the networks'
pictures, and has clips to try; ``predict.py`` answers.
"""

from __future__ import annotations

import argparse
import base64
import functools
import html
import importlib
import io
import os
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np

from shared.audio.errors import AudioError
from shared.paper.loading import list_papers, load_paper
from shared.paper.schema import Paper

ADDRESS = "127.0.0.1"
MOST_BARS = 10  # of one model's answer
SIDE = 300  # about so many pixels of the page is a picture long
# What the browser says of its microphone before it is asked for leave: nothing, where there is one.
MICROPHONE = """async () => {
  const words = (why) => `**No microphone: ${why}** Choose a file, or one of the recorded clips if there are any.`;
  if (!navigator.mediaDevices) return words("the browser gives it to pages of this machine only, so open the address "
    + "that begins with http://127.0.0.1.");
  const devices = await navigator.mediaDevices.enumerateDevices();
  if (!devices.some((device) => device.kind === "audioinput")) return words("the browser finds none on this machine.");
  const state = await navigator.permissions?.query({name: "microphone"}).then((found) => found.state, () => "");
  if (state === "denied") return words("the browser refuses it to this page; the sign beside the address allows it.");
  return "Record, speak, stop. The browser asks once whether this page may listen.";
}"""
STYLE = """
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
.pictures figure { margin: 0; max-width: 100%; }
.pictures img { display: block; image-rendering: pixelated; max-width: 100%; height: auto; }
.pictures figcaption { max-width: 22rem; font-size: 0.85rem; margin-top: 0.3rem; }
footer { display: none !important; }
"""


def add_to(commands) -> None:
    """Add the command and its options to the command line."""
    demo = commands.add_parser("demo", help="a local page to speak a digit into, or to drop a song on")
    demo.add_argument("--port", type=int, help="of the page's address (default: the first free one from 7860 on)")
    demo.add_argument("--no-browser", action="store_true", help="print the address and open no browser")
    demo.set_defaults(work=work)


def work(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl+C, or until it is told to end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that recordings go then, too
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        _keep_at_home(folder)
        try:
            import gradio  # noqa: F401
        except ModuleNotFoundError as error:
            print(
                f"error: the demo needs {error.name}: make demo installs it, or pip install -r requirements.txt "
                "-r requirements-demo.txt",
                file=sys.stderr,
            )
            return 1
        print("Loading …", flush=True)
        import keras  # noqa: F401 - here, so that the first answer does not wait for it

        page = build(Path(folder))
        _, address, _ = page.launch(
            server_name=ADDRESS,
            server_port=options.port,
            share=False,
            ssr_mode=False,
            quiet=True,
            footer_links=[],
            css=STYLE,
            prevent_thread_lock=True,
            inbrowser=not options.no_browser,
        )
        print(f"The demo is at {address} on this machine; Ctrl+C ends it.", flush=True)
        page.block_thread()
    return 0


def _keep_at_home(folder: str) -> None:
    """Let Gradio send nothing anywhere, and put recordings into a folder that goes with the demo."""
    os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1", "GRADIO_TEMP_DIR": folder}
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ADDRESS  # it asks itself whether it is there


def build(folder: Path):
    """The page, a gradio.Blocks: a tab a paper that has a demo; clips to try are written into the folder."""
    import gradio as gr

    with gr.Blocks(title="Audio reproductions", analytics_enabled=False) as page:
        gr.Markdown("# What do the networks hear?")
        for name in list_papers():
            paper = load_paper(name)
            if (paper.path.parent / "demo.py").exists():
                with gr.Tab(paper.task.partition(" (")[0].capitalize()):
                    microphone = _tab(paper, folder)
                page.load(None, None, microphone, js=MICROPHONE)
    return page


def _tab(paper: Paper, folder: Path):
    """One paper's inputs and answers; returns the line that says whether there is a microphone."""
    import gradio as gr

    from shared.runs.inference import conditions_of
    from shared.runs.networks import NotTrainedError, preferred

    predict, demo = (importlib.import_module(f"reproductions.{paper.id}.{name}") for name in ("predict", "demo"))
    try:
        trained = preferred(paper, "")
    except NotTrainedError:
        trained = {}
    gr.Markdown(f"{demo.INVITATION} {demo.LIMITS}\n\nThe paper: {', '.join(paper.authors)}, *{paper.title}*.")
    with gr.Row():
        with gr.Column():
            sound = gr.Audio(sources=["microphone", "upload"], type="filepath", label="Recording", buttons=[])
            microphone = gr.Markdown()
            if clips := _written(demo.examples(), folder):
                gr.Examples([[clip] for clip in clips], sound, label="Recorded clips", examples_per_page=len(clips))
        with gr.Column():
            seen = gr.HTML()
    labels, notes = [], []
    with gr.Row():
        for name, unit in trained.items():
            with gr.Column(min_width=260):
                notes.append(gr.Markdown())
                labels.append(gr.Label(label=name, num_top_classes=MOST_BARS))
                gr.Markdown(f"The network: {conditions_of(paper, *unit)}.")
        if missing := [name for name, model in paper.models.items() if model.learns and name not in trained]:
            with gr.Column(min_width=260):
                commands = (f'`python -m reproductions run {paper.id} --model "{name}"`' for name in missing)
                gr.Markdown("Of these models no network is on this machine; to train them:\n\n" + "\n\n".join(commands))
    answer = functools.partial(answer_to, predict, demo, trained)
    sound.change(answer, sound, [seen, *labels, *notes], api_visibility="private", show_progress="minimal")
    return microphone


def answer_to(predict, demo, trained: dict, file: str | None) -> list:
    """What the page shows of a file: pictures, a dictionary of probabilities a network, a note a network.

    Parameters
    ----------
    predict, demo : module
        The paper's.
    trained : dict
        Record and folder of each network, by model.
    file : str or None
        None empties the page.
    """
    if file is None:
        return ["", *[None] * len(trained), *[""] * len(trained)]
    try:
        heard, length = demo.prepared(predict.signal_of(file))
    except AudioError as error:
        words = html.escape(str(error).replace(file, Path(file).name))
        return [f"<p><strong>No answer.</strong> {words}</p>", *[None] * len(trained), *[""] * len(trained)]
    pictures = "".join(figure(image, caption) for caption, image in demo.pictures_of(heard, trained).items())
    answers = [predict.answers_of(record, folder, [heard])[0] for record, folder in trained.values()]
    return [
        f'<p>{html.escape(length)}</p><div class="pictures">{pictures}</div>',
        *(answer.get("probabilities") for answer in answers),
        *map(note, answers),
    ]


def note(answer: dict) -> str:
    """What an answer has beside its probabilities, in words."""
    if answer["class"] is None:
        return f"No answer: {answer['reason']}"
    if "heard" in answer:
        return f"The recogniser heard: **{answer['heard']}**"
    said = ", ".join(f"{name}: {value}" for name, value in answer.items() if name not in ("class", "probabilities"))
    return f"{said[:1].upper()}{said[1:]}"


def figure(image: np.ndarray, caption: str) -> str:
    """An image, uint8 (h, w) or (h, w, 3), and its caption as HTML; a pixel of the image is a square of the page."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    data = base64.b64encode(file.getvalue()).decode()
    height, width = (max(1, round(SIDE / max(image.shape[:2]))) * side for side in image.shape[:2])
    size = f'width="{width}" height="{height}"'
    return (
        f'<figure><img {size} alt="{html.escape(caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{html.escape(caption)}.</figcaption></figure>"
    )


def _written(clips: dict[str, tuple[np.ndarray, int]], folder: Path) -> list[str]:
    """Paths of wav files of the signals."""
    import soundfile

    paths = [str(folder / f"{name}.wav") for name in clips]
    for path, (samples, rate_hz) in zip(paths, clips.values(), strict=True):
        soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return paths
