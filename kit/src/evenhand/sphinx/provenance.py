"""Provenance: a strip below each figure and table, and at the foot of each page, shows how its numbers were measured.

The kit's markup names the result that it shows; the rest (the machine, the build, the commit) comes from the
run.  A page also carries the data for its script, which reports in the reader's browser that the numbers are old or
that the site now has another run: at build time the age is always zero.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from evenhand.measure import yardstick
from evenhand.results import quantity
from evenhand.runs.neighbours import SHORTEST_SECONDS
from evenhand.sphinx import commit
from evenhand.sphinx.downloads import PageFiles, of_document
from evenhand.sphinx.places import machine_address, publishes, run_folder

SHOWN = re.compile(r'<(?:div class="bench-result"|figure class="bench-figure")(?: data-source="([^"]*)")?')
ARCHIVED = "archive: "
"""Begins the source of a result from another run; the rest says when and where it was measured."""
TIMED = {"latency": "call", "paced": "arrival"}
"""What a kind of result counts, if not samples."""
DAYS = 90
"""From this age on, a page reports that its numbers are old."""


class Strip(nodes.General, nodes.Element):
    """The strip below a figure or a table, as HTML; not text, so that a search does not match it on each page."""


def strip(document: Mapping[str, Any]) -> dict[str, str]:
    """What the foot of a page says about its run, by label."""
    machine, tree_read = document["machine"], document["tree"]
    commit = str(tree_read["commit"])[:7] + (", modified" if tree_read["dirty"] else "")
    return {
        "measured": minute(document["measured"]),
        "commit": commit,
        **versions(document),
        "profile": document["profile"],
        "machine": processor(machine),
        "Python": interpreter(machine).removeprefix("Python "),
        **({"rustc": rustc(build)} if "rustc" in (build := document["build"]) else {}),
    }


def versions(document: Mapping[str, Any]) -> dict[str, str]:
    """The version of each measured package by name; empty in a run of an older kit."""
    return {name: facts["version"] for name, facts in document.get("packages", {}).items()}


def extension(build: Mapping[str, Any]) -> str:
    """How a package was compiled; empty if it does not say."""
    told = [f"rustc {rustc(build)}"] if "rustc" in build else []
    told += [f"profile {build['profile']}"] if "profile" in build else []
    told += [f"target features {', '.join(build['target_features'])}"] if "target_features" in build else []
    return ", ".join(told)


def minute(time: str) -> str:
    """A time as displayed."""
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def processor(machine: Mapping[str, Any]) -> str:
    """The processor and its number of cores."""
    cores = machine["logical_cores"]
    return f"{machine['cpu']}, {cores} logical core{'s' if cores != 1 else ''}"


def rustc(build: Mapping[str, Any]) -> str:
    """The compiler's version only."""
    return str(build["rustc"]).removeprefix("rustc ").split(" ")[0]


def entry_of(document: Mapping[str, Any], source: str) -> Mapping[str, Any] | None:
    """The result named ``example/name``."""
    return next((entry for entry in document["results"] if f"{entry['example']}/{entry['name']}" == source), None)


def sampled(entry: Mapping[str, Any]) -> str:
    """The number of measurements: ``12 rounds, 120 000 calls``."""
    settings = entry["settings"]
    rounds = settings.get("rounds", settings.get("runs"))
    # Equal samples are stored as one, with their number.
    timings = entry.get("timings", entry["samples"])
    counts = [(rounds, "round"), (timings, TIMED.get(entry["kind"], "sample"))]
    return ", ".join(
        f"{quantity.written('', int(count))} {what}{'' if count == 1 else 's'}" for count, what in counts if count
    )


def line(document: Mapping[str, Any], entry: Mapping[str, Any] | None) -> str:
    """The line that is always visible."""
    if entry and entry["settings"].get("cut"):
        return f"Not measured · profile {document['profile']}"
    machine = document["machine"]
    told = [f"Measured {minute(entry['started'] if entry else document['measured'])}", machine["cpu"]]
    told += [interpreter(machine), sampled(entry) if entry else f"profile {document['profile']}"]
    return " · ".join([*told, *disturbances(document)])


def interpreter(machine: Mapping[str, Any]) -> str:
    """The interpreter's version, and whether it was built without optimisation."""
    built = " (built without optimisation)" if machine.get("optimised") is False else ""
    return f"Python {machine['python']}{built}"


def disturbances(document: Mapping[str, Any]) -> list[str]:
    """What makes single numbers of this run doubtful: a pace that changed while it was measured."""
    varied = yardstick.varied(each for entry in document["results"] for each in entry.get("pace_ns", ()))
    return [f"pace varied by {quantity.digits(varied)}; trust ratios"] if varied > yardstick.NOTICED else []


def at_start(machine: Mapping[str, Any]) -> list[str]:
    """What was checked before measuring began; a machine does not have, or does not show, all of it."""
    known = {
        "load at start": machine["load"],
        "frequency governor": machine["governor"],
        "battery": machine.get("on_battery"),
    }
    return [name for name, found in known.items() if found is not None]


def undisturbed(document: Mapping[str, Any], entry: Mapping[str, Any] | None) -> str:
    """The sentence where nothing disturbed: it names what was checked, because other disturbances are not seen."""
    checked = at_start(document["machine"])
    if entry and entry["settings"].get("took_ns", 0) >= SHORTEST_SECONDS * 1e9:
        checked += ["other processes"] if document["machine"].get("system") != "Windows" else []
    if any(each.get("pace_ns") for each in document["results"]):
        checked.append("pace")
    return none_found(checked)


def none_found(checked: Sequence[str]) -> str:
    """The text in the place of disturbances, with the names of the checks."""
    return f"none found; checked: {', '.join(checked)}" if checked else "not checked"


def details(document: Mapping[str, Any], entry: Mapping[str, Any] | None) -> dict[str, str]:
    """What the opened strip says, by label."""
    machine, build, tree_read = document["machine"], document["build"], document["tree"]
    noted = [*(entry["notes"] if entry else ()), *machine["notes"]]
    told = {}
    if entry:
        told["measurement"] = f"{entry['example']}/{entry['name']}, {entry['kind']} of {len(entry['contenders'])}"
        told["rounds and samples"] = sampled(entry)
        if collector := entry["settings"].get("collector"):
            told["garbage collector"] = collector
    load = machine["load"]
    return told | {
        "measured": minute(entry["started"] if entry else document["measured"]),
        "machine": f"{processor(machine)}, {quantity.memory(machine['memory_bytes'])}",
        "governor": machine["governor"] or "not readable here",
        "load at start": "not known here" if load is None else f"{load:.2f}",
        "notes and disturbances": "; ".join([*disturbances(document), *noted]) or undisturbed(document, entry),
        "Python": f"{machine['implementation']} {interpreter(machine).removeprefix('Python ')}, {machine['compiler']}",
        **versions(document),
        **({"extension": compiled} if (compiled := extension(build)) else {}),
        "commit": f"{str(tree_read['commit'])[:12]}{' with changes' if tree_read['dirty'] else ''}",
        "run": f"{document['id']}, profile {document['profile']}",
    }


def archived(source: str) -> str:
    """The strip of a result from an archive, which is not part of this run."""
    told = "From the archive: not part of the run named at the foot of this page, and not measured by this build."
    return f'<details class="provenance"><summary>{escape(source)}</summary><p>{told}</p></details>'


def markup(document: Mapping[str, Any], source: str, machine_page: str, numbers_page: str = "") -> str:
    """The strip as HTML: one line, and the rest on demand."""
    if source.startswith(ARCHIVED):
        return archived(source)
    entry = entry_of(document, source)
    facts = details(document, entry).items()
    rows = "".join(f"<div><dt>{escape(label)}</dt><dd>{escape(text)}</dd></div>" for label, text in facts)
    summary = f"<summary>{escape(line(document, entry))}</summary>"
    whole = f'<p><a href="{escape(machine_page)}">The machine and the run</a>{all_numbers(entry, numbers_page)}</p>'
    return f'<details class="provenance">{summary}<dl>{rows}</dl>{whole}</details>'


def all_numbers(entry: Mapping[str, Any] | None, page: str) -> str:
    """A link to all numbers of a result; nothing where there is no result, or the strip is on that page."""
    if entry is None or not page:
        return ""
    return f' · <a href="{escape(page)}#{escape(entry["name"])}">All numbers of {escape(entry["name"])}</a>'


def read(config: Config) -> dict[str, Any]:
    """The sealed run's document."""
    found: dict[str, Any] = json.loads((run_folder(config) / "run.json").read_text(encoding="utf-8"))
    return found


def freshness(document: Mapping[str, Any], built_from: Mapping[str, Any]) -> dict[str, Any]:
    """What a page's script compares: time and commit of the measurement, and the commit of the pages."""
    measured_with, made_from = document["tree"]["commit"], built_from["commit"]
    known = "unknown" not in {measured_with, made_from}
    return {
        "run": document["id"],
        "measured": document["measured"],
        "written": minute(document["measured"]),
        "days": DAYS,
        "measured_with": measured_with[:7] if known else "",
        "made_from": made_from[:7] if known else "",
    }


def tell(app: Sphinx) -> None:
    """Pass the facts of the run to the templates."""
    if publishes(app):
        document = read(app.config)
        further = {"run_strip": strip(document), "freshness": freshness(document, commit.read(app.confdir))}
        app.config.html_context = {**app.config.html_context, "run_id": document["id"], **further}


def shown(doctree: nodes.document) -> Iterator[tuple[nodes.raw, str]]:
    """The kit's figures and tables on a page, each with the result that it names."""
    for node in list(doctree.findall(nodes.raw)):
        if "html" in node.get("format", "") and (found := SHOWN.search(node.rawsource or node.astext())):
            yield node, unescape(found[1] or "")


def add_strips(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a strip below each figure and table."""
    if not publishes(app):
        return
    document, files = None, PageFiles(app, docname)
    for node, source in shown(doctree):
        document = document or read(app.config)
        here, example = app.builder.get_target_uri(docname), source.partition("/")[0]
        machine = machine_address(app, here)
        numbers = relative_uri(here, app.builder.get_target_uri(f"run/{example}"))
        links = files.links(node.rawsource or node.astext(), entry_of(document, source))
        strip = f'<div class="bench-strip">{markup(document, source, machine, numbers)}{links}</div>'
        node.parent.insert(node.parent.index(node) + 1, Strip(html=strip))
    for table in list(doctree.findall(nodes.table)):
        if "remedies" in table["classes"]:
            links = files.markup(files.table(*of_document(table)), "this table")
            table.parent.insert(table.parent.index(table) + 1, Strip(html=links))


def write(translator: HTML5Translator, node: Strip) -> None:
    """Write a strip."""
    translator.body.append(node["html"])
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the strips; the templates are run-strip.html and freshness.html."""
    app.add_node(Strip, html=(write, None))
    app.connect("builder-inited", tell, priority=700)
    app.connect("doctree-resolved", add_strips)
