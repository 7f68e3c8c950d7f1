"""What can go wrong with a pipeline, one leaf for each thing a caller can act on."""

from __future__ import annotations

from redspot.errors import ConflictError, CorruptError, ForbiddenError, InvalidError, NotFoundError


class RefusedError(InvalidError, ValueError):
    """What was given cannot be used as it is; a ValueError too, since scikit-learn's tools look for that."""

    code = "refused"


class InvalidPipelineError(RefusedError):
    """The graph that was written down cannot exist: a name twice, a loop, a part of the wrong kind."""

    code = "invalid-pipeline"


class InvalidStepError(RefusedError):
    """A parameter of a step has a value that the step does not know."""

    code = "invalid-step"


class StepNotFoundError(NotFoundError):
    """No step, or more than one, answers to the name."""

    code = "step-not-found"


class UnknownColumnError(RefusedError):
    """A column is named that the pipeline or the data does not have."""

    code = "unknown-column"


class MissingColumnError(RefusedError):
    """The data lacks a column that the pipeline reads."""

    code = "missing-column"


class ColumnTypeError(RefusedError):
    """A column, or one value of it, has a type that the pipeline cannot read there."""

    code = "column-type"


class MissingValueError(RefusedError):
    """A step met a missing or infinite value that it cannot work with."""

    code = "missing-value"


class InvalidTargetError(RefusedError):
    """The target does not fit the rows or the estimator."""

    code = "invalid-target"


class EstimatorRefusedError(RefusedError):
    """The estimator could not learn from what it was given; its own words are in the message."""

    code = "estimator-refused"


class NotFittedError(ConflictError, ValueError):
    """Something was asked of a pipeline that only a fitted one can do."""

    code = "pipeline-not-fitted"


class UnsupportedPredictionError(RefusedError, AttributeError):
    """The estimator at the end cannot do what was asked, such as give probabilities.

    An AttributeError too: to Python, a pipeline that cannot predict has no `predict`.
    """

    code = "unsupported-prediction"


class UnsavableStepError(InvalidError):
    """A step cannot be written in a form that may safely be read again."""

    code = "unsavable-step"


class CorruptPipelineError(CorruptError):
    """The bytes are not a whole, well-formed pipeline file."""

    code = "pipeline-corrupt"


class PipelineFileNotFoundError(NotFoundError):
    """There is no file at the path, or no folder to write it to."""

    code = "pipeline-file-not-found"


class MetadataMissingError(NotFoundError):
    """Nothing is remembered of the training data."""

    code = "pipeline-metadata-missing"


class PipelineFolderTakenError(InvalidError):
    """Something that is no pipeline is where a pipeline folder is to be written."""

    code = "pipeline-folder-taken"


class PipelineVersionError(InvalidError):
    """The file was written in a format version that this Redspot does not read."""

    code = "pipeline-version"


class UntrustedPipelineError(ForbiddenError):
    """The file names code or a type that is not on the trusted list."""

    code = "pipeline-untrusted"


class UnknownMetricError(InvalidError):
    """A metric is named that does not exist, or is not defined on the data."""

    code = "unknown-metric"


class UnsupportedImportanceError(InvalidError):
    """Importances were asked for that the estimator does not have, or of a kind that does not exist."""

    code = "unsupported-importance"


class InvalidSearchError(InvalidError):
    """Folds, trials or a space of parameters are given that cannot be searched."""

    code = "invalid-search"


class SearchFailedError(InvalidError):
    """Every trial of a search failed; the message says how the last one did."""

    code = "search-failed"
