"""What a misspelt name was probably meant to be."""

import pytest

from shared.base.suggestions import Parser, suggestion


@pytest.mark.parametrize(
    ("name", "known", "says"),
    [
        ("papr", ["paper", "fast"], "the known are: paper, fast. Did you mean paper?"),
        ("rnu", ["list", "run"], "the known are: list, run. Did you mean run?"),
        ("VNTM", ["vntm", "gtzan"], "the known are: vntm, gtzan. Did you mean vntm?"),
        ("x", ["paper", "fast"], "the known are: paper, fast"),
        ("x", [], "the known are: none"),
        (
            "seed7",
            [f"seed{i}x" for i in range(20)],
            "the closest are: seed7x, seed17x, seed9x, seed8x, seed6x. Did you mean seed7x?",
        ),
    ],
)
def test_names_that_are_like_it_are_offered(name, known, says):
    assert suggestion(name, known).startswith(says)
    assert ("Did" in suggestion(name, known)) == ("Did" in says)


def test_a_misspelt_command_option_and_choice_are_answered_with_what_was_meant(capsys):
    parser = Parser(prog="it")
    command = parser.add_subparsers(metavar="COMMAND").add_parser("diff")
    command.add_argument("--form", choices=("json", "csv"))
    said = {
        ("dif",): "'dif' is none of them; the known are: diff. Did you mean diff?",
        (
            "diff",
            "--from=csv",
            "x",
        ): "diff: error: unrecognized arguments: --from=csv x; the known are: --form. Did",
        ("diff", "x"): "diff: error: unrecognized arguments: x\n",
        ("diff", "--form", "jsn"): "'jsn' is none of them; the known are: json, csv. Did you mean json?",
    }
    for arguments, says in said.items():
        with pytest.raises(SystemExit) as ended:
            parser.parse_args(arguments)
        assert ended.value.code == 2
        assert says in capsys.readouterr().err
