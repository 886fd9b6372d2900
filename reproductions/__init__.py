"""One folder a paper, each with its paper.toml, model.py, train.py and README.md."""
