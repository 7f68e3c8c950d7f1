"""The service's own page: what there is and how it does, for a browser without JupyterLab."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from redspot_server.endpoints.system import read_status
from redspot_server.identity import Caller
from redspot_server.services import Services

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --red: #d7263d; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h1::before { content: "●"; color: var(--red); margin-right: .4rem; }
h2 { font-size: 1.05rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem; }
th { font-weight: 600; } tr { border-bottom: 1px solid var(--line); }
p.note { background: var(--soft); padding: .6rem .8rem; border-radius: .4rem; }
td.none { opacity: .7; }
"""


def render_page(services: Services, caller: Caller) -> str:
    """Return the page as HTML; everything a user typed is escaped."""
    status = read_status(services, caller)
    models = [
        (
            f"{model.name}@{model.latest.number}" if model.latest else "",
            model.name,
            ", ".join(f"{name} {value:.4g}" for name, value in (model.latest.metrics if model.latest else {}).items()),
            ", ".join(model.endpoints),
        )
        for model in services.models.models(limit=100)
    ]
    endpoints = [(item.name, str(item.state), item.serving or "", item.url) for item in services.endpoints.endpoints()]
    schedules = [
        (item.job_name, item.cron, item.time_zone, _time(item.next_fire) if item.active else "paused")
        for item in services.jobs.schedules()
    ]
    runs = [
        (run.id, run.job_name, str(run.state), _time(run.created_at), run.failure.message if run.failure else "")
        for run in services.runs.runs(limit=20)
    ]
    parts = [
        table(
            "Endpoints",
            ("Name", "State", "Serves", "URL"),
            endpoints,
            "No endpoint yet: deploy a model version.",
            links=[f"endpoints/{name}" for name, *_ in endpoints],
        ),
        table(
            "Models",
            ("Latest", "Name", "Metrics", "Served by"),
            models,
            "No model yet: productionize a notebook.",
            links=[f"versions/{latest}" if latest else "" for latest, *_ in models],
        ),
        table("Schedules", ("Job", "Cron", "Time zone", "Next (UTC)"), schedules, "Nothing is scheduled."),
        table("Last runs", ("Run", "Job", "State", "Started (UTC)", "Failure"), runs, "Nothing has run yet."),
    ]
    note = (
        f'<p class="note">Signed in as {escape(caller.name)}. {escape(status.trust)}'
        f"{'' if status.router_ok else ' The router is not running: endpoints do not answer.'}</p>"
    )
    return document("Redspot", [note, *parts])


def document(title: str, parts: Sequence[str], head: str = "") -> str:
    """Return a page of our own with some parts, which are HTML; the title is text."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<style>{_STYLE}</style><meta name="viewport" content="width=device-width">{head}</head>'
        f"<body><h1>{escape(title)}</h1>{''.join(parts)}</body></html>"
    )


def _time(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


def table(
    title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], empty: str, *, links: Sequence[str] = ()
) -> str:
    """Return a table with a heading, or what to say when it is empty; `links` are where the first cells lead."""
    body = ""
    for index, (first, *others) in enumerate(rows):
        link = links[index] if links else ""
        start = f'<a href="{escape(link, quote=True)}">{escape(first)}</a>' if link else escape(first)
        body += f"<tr><td>{start}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in others)}</tr>"
    if not rows:
        body = f'<tr><td class="none" colspan="{len(heads)}">{escape(empty)}</td></tr>'
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f"<h2>{escape(title)}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
