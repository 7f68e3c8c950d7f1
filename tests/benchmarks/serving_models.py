"""Many models in one server: what each of them takes, and what finding one costs."""

from __future__ import annotations

import json
import random
import shutil
import time
from pathlib import Path

from machine import median
from serving_load import put_load
from serving_server import Server, free_port
from serving_sides import SECRET, Side, names

MODELS = 100
_LOOKS = 20_000
_HEADERS = {"X-Redspot-Replica-Secret": SECRET}


def many_models(own: Side) -> dict[str, float]:
    """Return MiB of each model above the first, µs of a look-up, and ms of the p99 and the load itself meanwhile.

    Every model is a file of its own, loaded by itself; the memory is looked at after each has answered.
    """
    file = own.folder / "linear.redspot"
    files = [own.folder / f"model-{number}.redspot" for number in range(MODELS + 1)]
    for each in files:
        shutil.copy(file, each)
    one, _ = _served(own, files[:1])
    many, loading_p99_ms = _served(own, files)
    return {
        "many_models_mb": (many - one) / MODELS,
        "routing_us": routing_us(files),
        "loading_p99_ms": loading_p99_ms,
    }


def routing_us(files: list[Path]) -> float:
    """Return the median µs of finding what answers at a path, or of finding a model by name, the longer of the two."""
    from redspot.serving.catalogue import Catalogue
    from redspot.serving.config import ReplicaConfig
    from redspot.serving.loader import Loader

    config = files[0].with_name("many.json")
    loaded = ReplicaConfig.read(config)
    catalogue = Catalogue(loaded.models)
    loader = Loader(loaded, catalogue, print)
    loader.load_now(strictly=True)
    loader.publish_loaded()
    chosen = random.Random(0).choices(range(len(files)), k=_LOOKS)
    paths = [f"/models/m{number}/versions/1/predict" for number in chosen]
    by_path, by_name = [], []
    for number, path in zip(chosen, paths, strict=True):
        begun = time.perf_counter()
        found = catalogue.asked[path]
        between = time.perf_counter()
        place = catalogue.find(f"m{number}", "1")
        by_name.append(time.perf_counter() - between)
        by_path.append(between - begun)
        assert found is not None
        assert place.model is not None
    catalogue.close()
    return 1e6 * max(median(by_path), median(by_name))


def _served(own: Side, files: list[Path]) -> tuple[float, float]:
    """Return PSS in MiB of a server of these models, and the p99 of the first one while the others are loaded."""
    port = free_port()
    config = own.folder / "many.json"
    models = [{"model": f"m{number}", "version": "1", "pipeline": str(each)} for number, each in enumerate(files)]
    told = names()
    content = {"endpoint": told["endpoint"], "deployment_id": told["deployment_id"], "port": port, "models": models}
    config.write_text(json.dumps(content))
    argv = [str(own.python), "-m", "redspot.serving.replica", str(config)]
    log = own.folder / "many.log"
    server = Server("many", argv, port, env=own.environment(), folder=own.folder, log=log)
    try:
        server.ready_s("/v2/models/m0/ready", _HEADERS)
        meanwhile = put_load(server, "/predict", own.bodies(1), 1, 2, _HEADERS)
        server.ready_s("/v2/health/ready", _HEADERS)
        body = own.bodies(1).read_text().splitlines()[0]
        for number in range(len(files)):
            server.ask(f"/models/m{number}/predict", body, _HEADERS)
        return server.pss_mib(), meanwhile.p99_ms
    finally:
        server.stop()
