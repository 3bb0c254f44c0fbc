"""Batches: jobs of a run that are handed to a batch service, or written into a file for one, and whose results come back into the run.

A job that was handed over has the status `in_batch`: no execution of its run makes it. `handing_over` writes and submits, `asking` polls,
fetches and cancels, `reading` takes results in, from the service or from any file. A request's id is made of its job, so that a result
finds its way back without anything beside it.

Nothing is submitted twice. A batch is recorded as `submitting` before the first byte goes out, with the id of the uploaded file as soon
as there is one; whoever finds it so later asks the service for a batch of that file first.
"""

from workbench.runs.batches.records import BatchOffer, BatchReading, BatchRow, HandedOver, OfferedModel
from workbench.runs.batches.verbs import Batches

__all__ = ["BatchOffer", "BatchReading", "BatchRow", "Batches", "HandedOver", "OfferedModel"]
