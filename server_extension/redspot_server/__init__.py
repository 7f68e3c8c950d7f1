"""The Redspot service: routes, identity and controllers, in its two hosts."""


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    from redspot_server.extension import RedspotExtension

    return [{"module": "redspot_server", "app": RedspotExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@redspot/lab"}]
