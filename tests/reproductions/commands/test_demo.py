"""The demo: its answers are those of `predict`; and its page in a browser, with a microphone, with a file, without."""

import json
import os
import re
import select
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
import soxr

from reproductions.__main__ import main
from reproductions.commands.demo import ADDRESS, answer_to, figure, note
from reproductions.pragadaraju_digits import demo, predict
from shared.base.places import PROJECT
from shared.paper.loading import load_paper
from shared.runs.networks import preferred
from tests.shared.report.browser import NAMES, Browser, find_chromium

TEXT = predict.TEXT
PATIENCE = 240.0  # seconds for the page to be there, or for an answer: the machine may be busy
MICROPHONE_HZ = 48000
RECORD = "[...document.querySelectorAll('button')].find(b => b.innerText.trim() == '{}' && b.checkVisibility())"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A seven of the test split: signal, and path of its file."""
    signal, rate_hz = demo.examples()["7_jackson_15"]
    path = tmp_path_factory.mktemp("clip") / "seven.wav"
    soundfile.write(path, signal, rate_hz, subtype="PCM_16")
    return signal, path


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """The networks that come with the project, and no others."""
    monkeypatch.setenv("AUDIO_REPRODUCTIONS_CACHE", str(tmp_path))
    return preferred(load_paper(predict.PAPER), "")


def test_it_answers_as_predict_does(clip, shipped, capsys):
    assert main(["predict", predict.PAPER, str(clip[1]), "--json"]) == 0
    expected = json.loads(capsys.readouterr().out)["files"][0]["models"]
    seen, *shown = answer_to(predict, demo, shipped, str(clip[1]))
    assert [*shipped] == [*expected]
    assert shown[: len(shipped)] == [given["probabilities"] for given in expected.values()]
    assert expected[TEXT]["heard"] in shown[len(shipped) + [*shipped].index(TEXT)]
    assert seen.count("<img") == 1


def test_silence_around_a_digit_is_cut_off_and_the_corpus_own_clips_are_left_alone(clip):
    signal = clip[0]
    assert demo.prepared(signal)[0] is signal
    silence = np.random.default_rng(0).normal(0, 3e-4, 12000).astype(np.float32)
    spoken, words = demo.prepared(np.concatenate([silence, signal, silence]))
    assert 0.6 * signal.size < spoken.size <= 1.1 * signal.size
    assert words.startswith(f"{spoken.size / 8000:.2f} of {(signal.size + 24000) / 8000:.2f} s")


def test_a_file_without_an_answer_is_named_without_its_folder(tmp_path, shipped):
    silent = tmp_path / "<silent>.wav"
    soundfile.write(silent, np.zeros(8000), 8000)
    seen, *shown = answer_to(predict, demo, shipped, str(silent))
    assert "No answer." in seen
    assert "&lt;silent&gt;.wav" in seen
    assert str(tmp_path) not in seen
    assert not any(shown)


def test_without_a_recording_the_page_is_empty(shipped):
    assert not any(answer_to(predict, demo, shipped, None))


def test_an_image_is_enlarged_by_whole_pixels_and_its_caption_is_text():
    made = figure(np.zeros((57, 10, 3), np.uint8), "a < b")
    assert 'width="50" height="285"' in made
    assert "a &lt; b." in made


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"class": None, "reason": "no recogniser"}, "No answer: no recogniser"),
        ({"class": "7", "probabilities": {}, "heard": "seven"}, "The recogniser heard: **seven**"),
        ({"class": "rock", "probabilities": {}, "windows": 10}, "Windows: 10"),
    ],
)
def test_what_is_said_beside_the_probabilities(answer, words):
    assert note(answer) == words


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The demo's address, while it runs."""
    pytest.importorskip("gradio", reason="gradio is not installed: make demo installs it from requirements-demo.txt")
    if find_chromium() is None:
        pytest.skip(f"no Chromium here (looked for {', '.join(NAMES)}): the demo was not opened in a browser")
    folder = tmp_path_factory.mktemp("demo")
    line = [sys.executable, "-m", "reproductions", "demo", "--no-browser"]
    environment = os.environ | {"AUDIO_REPRODUCTIONS_CACHE": str(folder), "TMPDIR": str(folder)}
    with (
        open(folder / "errors", "wb") as errors,
        subprocess.Popen(line, cwd=PROJECT, stdout=subprocess.PIPE, stderr=errors, env=environment) as process,
    ):
        said, end = b"", time.monotonic() + PATIENCE
        while b"Ctrl+C" not in said and process.poll() is None and time.monotonic() < end:
            if select.select([process.stdout], [], [], 1.0)[0]:
                said += os.read(process.stdout.fileno(), 4096)
        found = [word for word in said.decode().split() if word.startswith(f"http://{ADDRESS}:")]
        assert found, f"{said.decode()}{(folder / 'errors').read_text('utf-8')}"
        yield found[0]
        process.terminate()
    assert not [*folder.glob("demo-*")], "recordings are gone when it ends"


def opened(page: str, folder, *options: str) -> Browser:
    """A browser that shows the page."""
    browser = Browser(find_chromium(), folder / "chromium", *options)
    browser.open(page)
    wait_for(browser, f"{RECORD.format('Record')} !== undefined")
    return browser


def wait_for(browser: Browser, expression: str) -> None:
    end = time.monotonic() + PATIENCE
    while not browser.evaluate(expression):
        assert time.monotonic() < end, f"{expression}: {browser.evaluate('document.body.innerText')}"
        time.sleep(0.2)


def answer_in(browser: Browser) -> str:
    """What stands on the page once there is an answer."""
    wait_for(browser, "/The recogniser heard: ./.test(document.body.innerText)")
    assert browser.evaluate("[...document.images].filter(i => i.naturalWidth == 256).length") == 1, "the image is seen"
    asked = {address.split("/")[2] for address in browser.requested() if not address.startswith(("data:", "blob:"))}
    assert asked == {browser.evaluate("location.host")}, "nothing is asked of any other machine"
    return browser.evaluate("document.body.innerText")


def test_a_digit_spoken_into_the_microphone_is_heard(page, clip, tmp_path):
    spoken = soxr.resample(clip[0], 8000, MICROPHONE_HZ)
    silence = np.zeros(2 * MICROPHONE_HZ, np.float32)
    soundfile.write(tmp_path / "microphone.wav", np.concatenate([spoken, silence]), MICROPHONE_HZ, subtype="PCM_16")
    options = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    browser = opened(page, tmp_path, *options, f"--use-file-for-fake-audio-capture={tmp_path / 'microphone.wav'}")
    try:
        wait_for(browser, "document.body.innerText.includes('Record, speak, stop.')")
        browser.evaluate(f"{RECORD.format('Record')}.click()")
        time.sleep(3.2)  # longer than the file and a digit, which is played again and again, so that one is heard whole
        browser.evaluate(f"{RECORD.format('Stop')}.click()")
        text = answer_in(browser)
    finally:
        browser.close()
    assert re.search(r"^\d\.\d\d (of \d\.\d\d )?s[.:]", text, re.MULTILINE), "how long it is stands above its image"


def test_without_a_microphone_the_page_says_so_and_takes_a_file(page, clip, shipped, tmp_path):
    expected = predict.answers_of(*shipped[TEXT], [clip[0]])[0]
    browser = opened(page, tmp_path)
    try:
        wait_for(browser, "document.body.innerText.includes('No microphone: the browser finds none on this machine.')")
        browser.evaluate("document.querySelector('[aria-label=\"Upload file\"]').click()")
        wait_for(browser, "document.querySelector('input[type=file]') !== null")
        document = browser.call("DOM.getDocument")["root"]["nodeId"]
        field = browser.call("DOM.querySelector", nodeId=document, selector="input[type=file]")["nodeId"]
        browser.call("DOM.setFileInputFiles", nodeId=field, files=[str(clip[1])])
        text = answer_in(browser)
    finally:
        browser.close()
    assert f"The recogniser heard: {expected['heard']}" in text
    certain = expected["probabilities"][expected["class"]]
    assert f"{expected['class']}\n{certain:.0%}" in text, "the bar has its name and its share"


def test_without_gradio_it_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert main(["demo", "--no-browser"]) == 1
    assert "make demo installs it" in capsys.readouterr().err
