"""The same way for messy real data: listings with prices as "$128.00", rates as "95%" and holes everywhere."""

from __future__ import annotations

import math
from pathlib import Path

import httpx

from redspot.client.service import ServiceClient
from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.jobs.run import RunState
from tests.notebooks import cell, notebook


def listings(path: Path) -> dict[str, object]:
    return notebook(
        cell("depth: int = 6  # of the trees\nlearning_rate: float = 0.1", "parameters"),
        f"import pandas as pd\nimport redspot\nlistings = pd.read_csv({str(path)!r})",
        "price = listings['price'].str.replace('[$,]', '', regex=True).astype(float)\n"
        "known = listings[price.notna()]\ny = price[price.notna()]",
        "from sklearn.ensemble import HistGradientBoostingRegressor\n"
        "from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, parse_number\n"
        "pipeline = Pipeline(\n"
        "    sizes=branch('accommodates', 'bedrooms', 'beds').then(impute('median')),\n"
        "    rates=branch('host_response_rate', 'host_acceptance_rate').then(parse_number()).then(impute('mean')),\n"
        "    kinds=branch('room_type', 'neighbourhood_cleansed').then(one_hot(max_categories=30)),\n"
        "    price=estimate(HistGradientBoostingRegressor(max_depth=depth, learning_rate=learning_rate)),\n)\n"
        "pipeline.fit(known[:3500], y[:3500])\npipeline.evaluate(known[3500:], y[3500:])",
        "rows = known[list(pipeline.columns)][3500:3510].astype(object)\n"
        "rows = rows.where(rows.notna(), None).to_dict('records')\n"
        "redspot.record('holdout', [{'row': row, 'answer': pipeline.predict_one(row)} for row in rows])",
    )


def test_listings_go_from_a_notebook_to_an_endpoint(client: ServiceClient, data_dir: Path) -> None:
    book = listings((data_dir / "airbnb-dc-listings.csv.gz").resolve())
    outcome = OutcomeIn(register_as="price", variable="pipeline", deploy_to="price")
    job = client.freeze(JobIn(name="price", notebook=book, values={"depth": 4}, outcome=outcome))
    run = client.start_run(job.id)
    run = client.wait(lambda: client.run(run.id), lambda seen: seen.state.ended, timeout_s=120, what="the end")
    assert run.state is RunState.SUCCEEDED, run.failure
    version = client.version("price@1")
    assert version.parameters == {"depth": 4, "learning_rate": 0.1}
    assert version.metrics["mae"] < 150
    assert math.isfinite(version.metrics["r2"])
    live = client.wait(lambda: client.endpoint("price"), lambda seen: bool(seen.serving), timeout_s=60, what="live")
    token = client.make_token("test", days=1).token
    headers = {"Authorization": f"Bearer {token}"}
    look = lambda: httpx.get(f"{live.url}/v2", headers=headers).status_code  # noqa: E731
    client.wait(look, lambda status: status == 200, timeout_s=10, what="the token being known")
    for wanted in run.records["holdout"]:
        said = httpx.post(f"{live.url}/predict", json=wanted["row"], headers=headers).json()
        assert said["predictions"] == [wanted["answer"]]
    assert client.predict("price", [run.records["holdout"][0]["row"]]).version == "1"
