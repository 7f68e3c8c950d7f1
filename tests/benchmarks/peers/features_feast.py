"""Feast's side of the features benchmark: its as-of join of features that were aggregated beforehand."""

from __future__ import annotations

import datetime
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["FEAST_USAGE"] = "False"

import features_data as data


def main() -> None:
    """Prepare a store with each event's own aggregates, join twice, and print the seconds of the second time."""
    warnings.filterwarnings("ignore")
    folder, kind = Path(sys.argv[2]), sys.argv[4]
    store, references = _store(folder / f"feast-{kind}", kind)
    import pandas as pd

    spine = data.spine(kind)
    times = pd.to_datetime(spine["ts"], unit="us", utc=True)
    asked = pd.DataFrame({"key": spine["key"], "event_timestamp": times, "row": spine["row"]})
    for _ in range(2):
        began = time.perf_counter()
        found = store.get_historical_features(entity_df=asked.copy(), features=references).to_df()
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "rows": len(found)}))


def _store(folder: Path, kind: str) -> tuple[Any, list[str]]:
    import pandas as pd
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
    from feast.types import Float32, Int64
    from features_peer import numpy_by_hand

    events = data.events(kind)
    names = [f"{f}_{w}" for f in ("count", "sum", "mean", "max") for w in data.WINDOWS]
    if not folder.exists():
        folder.mkdir()
        own = numpy_by_hand(events, {"key": events["key"], "ts": events["ts"] + 1})()
        times = pd.to_datetime(events["ts"], unit="us", utc=True)
        columns = {name: own[name].astype("float32") for name in names}
        pd.DataFrame({"key": events["key"], "event_timestamp": times, **columns}).to_parquet(folder / "events.parquet")
        config = {
            "project": "bench",
            "provider": "local",
            "registry": str(folder / "registry.db"),
            "online_store": {"type": "sqlite", "path": str(folder / "online.db")},
            "offline_store": {"type": "duckdb"},
            "entity_key_serialization_version": 3,
        }
        (folder / "feature_store.yaml").write_text(json.dumps(config))
    store = FeatureStore(repo_path=str(folder))
    key = Entity(name="key", join_keys=["key"], value_type=ValueType.INT64)
    view = FeatureView(
        name="spending",
        entities=[key],
        ttl=datetime.timedelta(days=100),
        schema=[Field(name="key", dtype=Int64), *(Field(name=name, dtype=Float32) for name in names)],
        source=FileSource(path=str(folder / "events.parquet"), timestamp_field="event_timestamp"),
    )
    store.apply([key, view])
    return store, [f"spending:{name}" for name in names]


if __name__ == "__main__":
    main()
