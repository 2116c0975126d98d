"""The form of the page "What should I use at my rate?": every answer, computed while the site is built."""

from __future__ import annotations

import json
import math
from html import escape
from itertools import product

import pandas as pd
from IPython.display import HTML

from absence import lacking, note
from evenhand import Run, TableMarkup
from evenhand.results import quantity
from rust_daq import advise

TYPICAL = (
    (10.0, 8, 0.0, math.inf),
    (1_000.0, 1, 0.0, 0.1),
    (1_000.0, 16, 0.0, 0.1),
    (10_000.0, 8, 0.0, 0.1),
    (100_000.0, 1, 0.0, 1.0),
    (100_000.0, 16, 0.0, 1.0),
    (1_000_000.0, 4, 0.01, 1.0),
)
"""The cases that the page shows without a script: rate, channels, loss, latency."""


def page(measurement: str) -> str:
    """The page that shows a measurement."""
    return f"gallery/{measurement.partition('/')[0]}.html"


def table(run: Run) -> dict[str, object]:
    """Every answer there is, each as numbers of texts: a script only has to look it up."""
    measured = advise.Measured.of(run)
    texts: dict[str, int] = {}
    labels: dict[str, int] = {}
    programs: dict[str, int] = {}
    answers = []
    shown = []
    for rate, channels, loss in product(advise.RATES, advise.CHANNELS, advise.LOSSES):
        asked = {"rate": rate, "channels": channels, "loss": loss}
        for advice in advise.advise_each(measured, **asked, latencies=advise.LATENCIES):
            found = advice.answers()
            for label in found:
                labels.setdefault(label, len(labels))
            answers.append([texts.setdefault(text, len(texts)) for text in found.values()])
            shown.append(programs.setdefault(advice.program, len(programs)))
    return {
        "rates": advise.RATES,
        "rateTexts": [advise.hertz(rate) for rate in advise.RATES],
        "channels": advise.CHANNELS,
        "losses": advise.LOSSES,
        "latencies": len(advise.LATENCIES),
        "labels": list(labels),
        "sources": {label: [key, page(key)] for label, key in advise.SOURCES.items()},
        "outside": advise.OUTSIDE,
        "texts": list(texts),
        "answers": answers,
        "programs": list(programs),
        "shown": shown,
    }


class AdviserForm:
    """The form with its table of answers; without a script nothing of it is shown.

    Parameters
    ----------
    run : Run
        What measured it.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def _repr_html_(self) -> str:
        if missing := lacking(self.run, advise.NEEDED):
            return str(note(missing, "the form").data)
        losses = "".join(option(index, loss_text(loss)) for index, loss in enumerate(advise.LOSSES))
        latencies = "".join(
            option(index, latency_text(latency), chosen=math.isinf(latency))
            for index, latency in enumerate(advise.LATENCIES)
        )
        # In a script element "</" would end it.
        data = json.dumps(table(self.run), separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
        return f"""<link rel="stylesheet" href="_static/adviser.css">
<noscript><p>The form needs a script, which this browser does not run.
The table below answers typical requests.</p></noscript>
<form class="adviser" hidden>
<label>Rate per channel, Hz
<input name="rate" type="number" inputmode="decimal" min="1" max="1000000" step="any" value="1000"></label>
<label>Channels
<input name="channels" type="number" inputmode="numeric" min="1" max="16" step="1" value="1"></label>
<label>Tolerated loss
<select name="loss">{losses}</select></label>
<label>Tolerated latency
<select name="latency">{latencies}</select></label>
</form>
<div class="adviser-answer bench-room" role="region" aria-label="What to use" aria-live="polite" tabindex="0" hidden>
<table class="bench-table"><caption></caption>
<thead><tr><th scope="col" class="bench-words">what</th><th scope="col" class="bench-words">answer</th>
<th scope="col" class="bench-words">measured in</th></tr></thead><tbody></tbody></table>
</div>
<div class="adviser-program highlight" hidden><pre tabindex="0"></pre></div>
<script type="application/json" id="adviser-table">{data}</script>
<script src="_static/adviser.js"></script>"""


def option(value: int, text: str, *, chosen: bool = False) -> str:
    """A choice of a list."""
    return f'<option value="{value}"{" selected" if chosen else ""}>{escape(text)}</option>'


def loss_text(loss: float) -> str:
    """A loss as a reader says it."""
    return f"up to {loss * 100:g}{quantity.NARROW_SPACE}%" if loss else "none"


def latency_text(latency: float) -> str:
    """A latency as a reader says it."""
    return "any" if math.isinf(latency) else f"up to {advise.seconds(latency)}"


def typical(run: Run) -> TableMarkup | HTML:
    """The typical cases, as a table that needs no script."""
    if missing := lacking(run, advise.NEEDED):
        return note(missing, "the table of typical requests")
    measured = advise.Measured.of(run)
    shown = ("hand over", "response, p99.9", "headroom of both together")
    rows, reasons = [], []
    for rate, channels, loss, latency in TYPICAL:
        found = advise.advise(measured, rate=rate, channels=channels, loss=loss, latency=latency).answers()
        verdict, _, reason = found["verdict"].partition(": ")
        reasons += [f"{verdict}: {reason}."] if reason else []
        count = f"{channels} channel{'s' if channels > 1 else ''}"
        asked = {"request": f"{advise.hertz(rate)}, {count}; loss {loss_text(loss)}, latency {latency_text(latency)}"}
        answer = {label: found.get(label, quantity.MISSING) for label in shown}
        rows.append(asked | answer | {"verdict": verdict})
    return TableMarkup(pd.DataFrame(rows).set_index("request"), "Typical requests", dict.fromkeys(reasons))
