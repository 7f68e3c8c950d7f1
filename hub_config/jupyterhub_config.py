"""JupyterHub for one person on one machine: log in, pick an environment, work.

Everything that is Redspot's is in ``redspot_hub.setup(c)``; what differs from place to place stays here.
For several people, use a spawner and compute backend that keep them apart: ``setup(c)`` refuses otherwise.
"""

import getpass

from redspot_hub import hub_password, setup

c = get_config()  # noqa: F821 - JupyterHub defines it

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = hub_password()
c.Authenticator.allowed_users = {getpass.getuser()}

setup(c)
