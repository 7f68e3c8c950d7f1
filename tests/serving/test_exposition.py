from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from redspot.serving.exposition import merge_expositions
from redspot.serving.metrics import ModelMetrics, ReplicaMetrics


def test_several_replicas_read_as_one() -> None:
    texts = {}
    for name, rows in (("d1-0", 3), ('d"2\\', 5)):
        model = ModelMetrics("species", "1, {x}")
        model.count_rows(rows)
        texts[name] = ReplicaMetrics("penguins", [model]).render().body.decode()
    families = {family.name: family for family in text_string_to_metric_families(merge_expositions(texts))}
    rows_by_replica = {
        sample.labels["replica"]: sample.value
        for sample in families["redspot_rows"].samples
        if sample.name.endswith("_total")
    }
    assert rows_by_replica == {"d1-0": 3.0, 'd"2\\': 5.0}
    alone = {family.name for family in text_string_to_metric_families(texts["d1-0"])}
    assert families.keys() == alone


def test_of_no_replica_there_is_nothing() -> None:
    assert merge_expositions({}) == ""
