"""Schedules."""

from __future__ import annotations

from redspot.contracts.replies import FirePreview, Page
from redspot.contracts.requests import PreviewQuery, ScheduleChange, ScheduleIn
from redspot.jobs.job import Schedule
from redspot.jobs.schedule import next_fires
from redspot_server.identity import Caller
from redspot_server.services import Services


def preview(services: Services, caller: Caller, query: PreviewQuery) -> FirePreview:
    """Return when a cron expression fires next."""
    fires = next_fires(query.cron, query.time_zone, after=services.clock.now(), count=query.count)
    return FirePreview(query.cron, query.time_zone, fires)


def list_schedules(services: Services, caller: Caller) -> Page[Schedule]:
    """Return all schedules, newest first."""
    return Page(services.jobs.schedules())


def read_schedule(services: Services, caller: Caller, schedule_id: str) -> Schedule:
    """Return one schedule."""
    return services.jobs.schedule(schedule_id)


def add_schedule(services: Services, caller: Caller, body: ScheduleIn) -> Schedule:
    """Schedule a job."""
    return services.jobs.add_schedule(body.job_id, body.cron, body.time_zone, owner=caller.name)


def change_schedule(services: Services, caller: Caller, schedule_id: str, body: ScheduleChange) -> Schedule:
    """Pause or resume a schedule."""
    return services.jobs.set_active(schedule_id, body.active, by=caller.name)
