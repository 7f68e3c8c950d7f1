"""From a notebook to a job that runs on schedule: the engine, the runner and the scheduler."""
