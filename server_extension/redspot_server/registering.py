"""What is sent to be registered, as a version before it has its number; what it is, is read from the bytes."""

from __future__ import annotations

import base64
import binascii
import json

from redspot_productionize.outcome import PIPELINE_MEDIA_TYPE

from redspot.contracts.requests import VersionIn
from redspot.jobs.endpoint_notebook import EndpointNotebook
from redspot.jobs.notebook import MEDIA_TYPE, freeze_notebook
from redspot.registry.model import NewVersion, PipelineFileError
from redspot_server.services import Services


def new_version(services: Services, owner: str, name: str, body: VersionIn) -> NewVersion:
    """Return the version that a request describes.

    Raises
    ------
    PipelineFileError
        When the pipeline cannot be read, or neither a pipeline nor a notebook was sent.
    NotebookError, EndpointCellError
        When the notebook cannot be read, or is sent alone and cannot answer.
    """
    if body.pipeline is not None:
        return _of_pipeline(services, owner, name, body, body.pipeline)
    if body.notebook is None:
        raise PipelineFileError("Neither 'pipeline' nor 'notebook' is given: send what shall answer.", field="pipeline")
    return _of_notebook(services, owner, name, body)


def _of_pipeline(services: Services, owner: str, name: str, body: VersionIn, text: str) -> NewVersion:
    from redspot.pipeline import loads
    from redspot.pipeline.errors import CorruptPipelineError

    try:
        data = base64.b64decode(text, validate=True)
        pipeline = loads(data, services.config.trusted)
    except binascii.Error:
        raise PipelineFileError("Field 'pipeline' is not base 64.", field="pipeline") from None
    except CorruptPipelineError as error:
        raise PipelineFileError(error.message, field="pipeline") from None
    notebook = None
    if body.notebook is not None:
        notebook = services.artifacts.put(_frozen(body.notebook), name=f"{name}.ipynb", media_type=MEDIA_TYPE)
    return NewVersion(
        model=name,
        pipeline=services.artifacts.put(data, name=f"{name}.redspot", media_type=PIPELINE_MEDIA_TYPE),
        notebook=notebook,
        environment=services.environment(services.instance_types[0].name),
        parameters=body.parameters,
        metrics=body.metrics or pipeline.metrics_,
        schema=pipeline.schema_.to_json(),
        graph=pipeline.describe(),
        parity_rows=len(pipeline.parity_.rows) if pipeline.parity_ else 0,
        run_id=None,
        created_by=owner,
    )


def _of_notebook(services: Services, owner: str, name: str, body: VersionIn) -> NewVersion:
    from redspot.serving.notebook import SCHEMA

    data = _frozen(body.notebook or {})
    # Read, never run: what runs it is a replica, with its owner's rights.
    read = EndpointNotebook.read(data)
    kept = services.artifacts.put(data, name=f"{name}.ipynb", media_type=MEDIA_TYPE)
    return NewVersion(
        model=name,
        pipeline=kept,
        notebook=kept,
        environment=services.environment(services.instance_types[0].name),
        parameters=body.parameters,
        metrics=body.metrics,
        schema=SCHEMA.to_json(),
        graph={"fitted": True, "nodes": [], "edges": []},
        parity_rows=int(read.has_expected),
        run_id=None,
        created_by=owner,
    )


def _frozen(notebook: dict[str, object]) -> bytes:
    return freeze_notebook(json.dumps(notebook).encode())
