"""MLflow's REST API, answered from Redspot's own records, so that MLflow's client works unchanged.

The protocol is that of MLflow's ``service.proto``, ``model_registry.proto`` and ``mlflow_artifacts.proto``
(https://mlflow.org/docs/latest/api_reference/rest-api.html), version 2.0 of its paths, JSON as its server writes it.
"""
