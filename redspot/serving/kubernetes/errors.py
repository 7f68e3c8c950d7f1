"""What can go wrong between an endpoint and objects of Kubernetes."""

from __future__ import annotations

from redspot.errors import InvalidError


class KubernetesSettingError(InvalidError):
    """A setting of the Kubernetes backend is missing or cannot be used."""

    code = "kubernetes-setting"


class KubernetesExportError(InvalidError):
    """An endpoint cannot be said in the objects that were asked for."""

    code = "kubernetes-export"
