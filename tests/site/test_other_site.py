"""A site about another package, whose conf.py has only the one extension."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from made_package import install

EXAMPLE = '''"""
Which is quicker?
=================

A question.
"""

import evenhand as bench
from tiny_binding import build

settings = bench.settings(__doc__)
result = bench.compare({"one": "1 + 1", "two": "[1] * 50"}, name="sums", settings=settings)
result

# %%

result.plot()
'''
INDEX = """# Site

One takes {measured}`first/sums/one/cost_ns` by {measured}`packages/tiny-binding/version`.

```{machine}
```

```{toctree}
gallery/index
```
"""
CELL = """---
file_format: mystnb
kernelspec: {name: python3}
orphan: true
---
# Cell

```{code-cell} python
print("it printed", 1 + 1)
```
"""
PROFILES = "[profile.quick]\ngallery = 0.2\nrounds = 2\nslices = 2\njudged = false\n"


class Site:
    """A site in a folder, built by the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        """Write a file of the site."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Build the pages without -W."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENHAND_")}
        found = [str(self.folder / "site"), environment.get("PYTHONPATH", "")]
        environment |= {"PYTHONPATH": os.pathsep.join(found), "EVENHAND_PROFILE": "quick", **variables}
        command = [sys.executable, "-m", "sphinx", "-q", *options, "docs", "docs/_build/html"]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def page(self, name: str) -> str:
        """Return a built page."""
        return (self.folder / "docs" / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")

    @property
    def run(self) -> dict:
        """Return the document of the build's run."""
        path = self.folder / "docs" / "_build" / "evenhand" / "run" / "run.json"
        return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Make a site about a package that is installed next to it."""
    made = Site(tmp_path)
    (tmp_path / "site").mkdir()
    install(tmp_path / "site", version="1.0")
    made.write("evenhand.toml", 'packages = ["tiny-binding"]\n')
    made.write("docs/conf.py", 'extensions = ["evenhand.sphinx"]\n')
    made.write("docs/profiles.toml", PROFILES)
    made.write("docs/index.md", INDEX)
    made.write("gallery/GALLERY_HEADER.rst", "Gallery\n=======\n")
    made.write("gallery/first.py", EXAMPLE)
    return made


def test_a_site_needs_only_the_one_extension(site: Site) -> None:
    ended = site.build("-W", "--keep-going")
    assert ended.returncode == 0, ended.stderr
    index, example = site.page("index"), site.page("gallery/first")
    assert re.search(r"One takes [\d.]+\u202f[nµm]s by", BeautifulSoup(index, "html.parser").get_text())
    assert '<span class="measured">1.0</span>' in index
    assert "tiny-binding</th>" in index
    assert "run-strip" in index
    assert '<figure class="bench-figure" data-source="first/sums">' in example
    assert '<details class="provenance">' in example
    assert 'href="../machine.html"' in example
    assert "tiny-binding" in site.page("machine")
    assert 'href="run/run.json"' in site.page("machine")
    assert "In the reference" not in example
    assert "criterion" not in site.run
    html = site.folder / "docs" / "_build" / "html"
    for name in re.findall(r'(?:href|src)="(_static/evenhand[^"?]*)', index):
        assert (html / name).is_file()
    assert index.count("_static/evenhand") == 7
    assert (html / "run" / "run.json").is_file()


def test_the_site_overrides_the_defaults(site: Site) -> None:
    more = 'nb_execution_mode = "off"\nsphinx_gallery_conf = {"gallery_dirs": "questions"}\nmeasuring_folder = "kept"\n'
    site.write("docs/conf.py", f'extensions = ["evenhand.sphinx"]\n{more}')
    site.write("docs/index.md", INDEX.replace("gallery/index", "questions/index"))
    site.write("docs/cell.md", CELL)
    ended = site.build()
    assert ended.returncode == 0, ended.stderr
    assert "Which is quicker?" in site.page("questions/first")
    assert "it printed 2" not in site.page("cell")  # no cell is run
    assert (site.folder / "docs" / "kept" / "run" / "run.json").is_file()


def test_a_profile_is_chosen_by_an_option_which_overrides_the_variable(site: Site) -> None:
    other = "[profile.other]\nrounds = 3\nslices = 2\njudged = false\n"
    site.write("docs/profiles.toml", PROFILES + other)
    assert site.build("-D", "measuring_profile=other").returncode == 0
    assert site.run["profile"] == "other"
    assert site.run["results"][0]["settings"]["rounds"] == 3


def test_a_site_without_profiles_has_those_of_the_kit(site: Site) -> None:
    (site.folder / "docs" / "profiles.toml").unlink()
    ended = site.build(EVENHAND_PROFILE="missing")
    assert ended.returncode != 0
    assert "there is no profile 'missing'; profiles.toml has quick, default, full" in ended.stderr


def test_a_failing_example_fails_the_build_without_warnings_as_errors(site: Site) -> None:
    site.write("gallery/first.py", EXAMPLE + "\nraise ValueError('broken on purpose')\n")
    ended = site.build()
    assert ended.returncode != 0
    assert "first failed" in ended.stderr
    assert "broken on purpose" in ended.stderr


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_missing_number_fails_the_build_without_warnings_as_errors(site: Site, jobs: str) -> None:
    for name in "abcdef":
        site.write(f"docs/{name}.md", f"---\norphan: true\n---\n# {name}\n\n{{measured}}`first/sums/three/cost_ns`\n")
    ended = site.build("-j", jobs)
    assert ended.returncode != 0
    assert "pages ask for what the run does not have" in ended.stderr
    for name in "abcdef":
        assert f"{name}.md, line 6: measured: 'first/sums/three/cost_ns' is not in this run" in ended.stderr
    assert not (site.folder / "docs" / "_build" / "html" / "index.html").is_file()


def test_a_fixed_page_builds_again(site: Site) -> None:
    site.write("docs/index.md", INDEX.replace("one/cost_ns", "three/cost_ns"))
    assert site.build().returncode != 0
    site.write("docs/index.md", INDEX)
    assert site.build(EVENHAND_REUSE="1").returncode == 0


def test_a_number_that_the_profile_cut_is_marked(site: Site) -> None:
    latency = EXAMPLE.replace("bench.compare(", "bench.latency(").replace(
        "settings=settings", "calls=200, settings=settings"
    )
    site.write("gallery/first.py", latency)
    site.write("docs/index.md", INDEX.replace("one/cost_ns", "one/p99_9_ns"))
    ended = site.build("-W")
    assert ended.returncode == 0, ended.stderr
    assert '<abbr class="measured" title="not measured in this profile">(not measured)</abbr>' in site.page("index")


def test_a_reusing_build_reuses_the_numbers_and_refuses_an_upgrade(site: Site) -> None:
    assert site.build().returncode == 0
    before = site.run["id"]
    assert site.build(EVENHAND_REUSE="1").returncode == 0
    assert site.run["id"] == before
    install(site.folder / "site", version="2.0")
    ended = site.build(EVENHAND_REUSE="1")
    assert ended.returncode != 0
    assert "it was measured with tiny-binding 1.0, but 2.0 is installed" in ended.stderr


def test_a_reuse_notices_a_changed_module_next_to_the_example(site: Site) -> None:
    setup = 'name="sums", setup="from shapes import size", settings'
    site.write("gallery/first.py", EXAMPLE.replace('name="sums", settings', setup))
    site.write("gallery/shapes/__init__.py", "size = 1\n")
    assert site.build().returncode == 0
    assert site.build(EVENHAND_REUSE="1").returncode == 0
    site.write("gallery/shapes/__init__.py", "size = 2\n")
    ended = site.build(EVENHAND_REUSE="1")
    assert ended.returncode != 0
    assert "the module shapes next to the example, which 'one' imports, changed; measure again" in ended.stderr


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        (["sphinx_gallery"], "sphinx-gallery, which is not installed; pip install sphinx-gallery"),
        (["bs4", "myst_nb"], "beautifulsoup4, myst-nb, which are not installed; pip install beautifulsoup4 myst-nb"),
    ],
)
def test_without_its_extra_the_extension_says_what_to_install(
    tmp_path: Path, missing: list[str], sentence: str
) -> None:
    blocked = "".join(f"sys.modules[{name!r}] = None\n" for name in missing)
    (tmp_path / "conf.py").write_text(f"import sys\n{blocked}extensions = ['evenhand.sphinx']\n", encoding="utf-8")
    (tmp_path / "index.rst").write_text("Site\n====\n", encoding="utf-8")
    build = [sys.executable, "-m", "sphinx", str(tmp_path), str(tmp_path / "html")]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"evenhand.sphinx needs {sentence}" in done.stderr
    assert not (tmp_path / "html" / "index.html").exists()
