"""A notebook as one HTML page that opens without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_STYLE = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def render_html(notebook: Any, title: str) -> str:
    """Return the page: styles and images inside, no script and no address to fetch from.

    nbconvert's own pages load MathJax, RequireJS and Mermaid from content delivery networks, so the
    template leaves them out; mathematics stays as it was typed.
    """
    from nbconvert import HTMLExporter

    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call] # nbconvert is half typed
        template_name="redspot",
        extra_template_basedirs=[str(Path(__file__).parent / "templates")],
        embed_images=True,
        mathjax_url="",
        require_js_url="",
        jquery_url="",
        mermaid_js_url="",
        widget_renderer_url="",
        jupyter_widgets_base_url="",
        html_manager_semver_range="",
    )
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    # Licence and source comments of the style sheets carry addresses; the licences ship with nbconvert.
    return _STYLE.sub(lambda found: found[1] + _COMMENT.sub("", found[2]) + found[3], str(body))
