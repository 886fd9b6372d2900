# make reproduce   every paper's table from the committed predictions, then a real row of one live, in two to three minutes;
#                  ARGS=--full runs the whole of that table (hours without a GPU)
# make demo        a local page to speak a digit into, or to drop a song on; ARGS=--no-browser prints its address only
# make test        the tests            make bench   speed and its references      make lint   style checks
# make faults      damaged files and killed runs, some minutes; ARGS="--mutations 100 --kills 10 --seed 1" for others
# make clean       removes .venv and what tools left; cache/ and data/ stay
#
# Each target first sets up .venv from requirements.txt. PYTHON=/path/to/python3.12 chooses the Python for it.

PYTHON ?=
.PHONY: reproduce demo test bench faults lint clean

reproduce: .venv/ready
	.venv/bin/python -m reproductions reproduce $(ARGS)

demo: .venv/demo
	.venv/bin/python -m reproductions demo $(ARGS)

test: .venv/ready
	.venv/bin/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile --max-worker-restart 0 $(ARGS)

bench: .venv/ready
	.venv/bin/python -m tests.bench $(ARGS)

faults: .venv/ready
	.venv/bin/python -m tests.faults $(ARGS)

lint: .venv/ready
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# .venv/demo is a copy of the requirements-demo.txt that was installed beside requirements.txt.
.venv/demo: .venv/ready requirements-demo.txt
	@if ! cmp -s requirements-demo.txt .venv/demo; then \
	    echo "Adding Gradio to .venv: 45 MB to download."; \
	    set -- .venv/bin/python -m pip; \
	    "$$@" --version >/dev/null 2>&1 || set -- $(or $(PYTHON),python3) -m pip --python .venv/bin/python; \
	    "$$@" install --disable-pip-version-check -q -r requirements.txt -r requirements-demo.txt; \
	fi && cp requirements-demo.txt .venv/demo

# .venv/ready is a copy of the requirements.txt that was installed, written after everything else: an interrupted set-up
# has none and starts over; a changed requirements.txt updates in place. `--without-pip` with the outer pip is for systems
# whose Python lacks ensurepip. Of pip's words only large packages, the start of the installation and errors are shown.
.venv/ready: requirements.txt
	@if cmp -s requirements.txt .venv/ready && .venv/bin/python -c ''; then touch .venv/ready; exit 0; fi; \
	if [ -e .venv/ready ] && .venv/bin/python -m pip --version >/dev/null 2>&1; then \
	    echo "requirements.txt has changed: updating .venv."; \
	    rm .venv/ready; set -- .venv/bin/python -m pip; \
	else \
	    found=""; python=""; \
	    for name in $(if $(PYTHON),"$(PYTHON)",python3.11 python3.12 python3 python); do \
	        version=$$("$$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	        case $$version in 3.11|3.12) python=$$name; break;; *) found="$$found $$name is $$version,";; esac; \
	    done; \
	    if [ -z "$$python" ]; then \
	        echo "Python 3.11 or 3.12 is needed (TensorFlow 2.17 has no wheel for 3.13 and later);$${found:- none was found,}" \
	            "so name one with 'make $(or $(MAKECMDGOALS),reproduce) PYTHON=/path/to/python3.11'." >&2; exit 1; \
	    fi; \
	    echo "Setting up .venv with $$python ($$version): 0.9 GB to download, 3 GB on disk, 2 to 10 minutes."; \
	    rm -rf .venv; \
	    if "$$python" -m venv .venv >/dev/null 2>&1; then set -- .venv/bin/python -m pip; \
	    else rm -rf .venv; "$$python" -m venv --without-pip .venv; set -- "$$python" -m pip --python .venv/bin/python; \
	    fi; \
	fi; \
	{ "$$@" install --disable-pip-version-check --progress-bar off -r requirements.txt && echo finished; } 2>&1 \
	    | tee .venv/pip.log \
	    | grep --line-buffered -oE '(Downloading|Using cached) .*\([0-9]{2,}\.[0-9] MB\)|^Installing collected packages|^ERROR.*'; \
	tail -n 1 .venv/pip.log | grep -qx finished && echo "Compiling what librosa has Numba compile, once" \
	    && { .venv/bin/python -c 'from shared.base.librosa_import import import_librosa; import_librosa()' || true; } \
	    && cp requirements.txt .venv/ready.new \
	    && mv .venv/ready.new .venv/ready && echo "Set up." \
	    || { echo "The set-up did not finish; .venv/pip.log says why; the same command starts it over." >&2; exit 1; }
