"""What is counted for others: the national return by quarter, and how the area does."""

from gateway.flows.reports.making import list_quarters, make_report
from gateway.flows.reports.shapes import Column, Measure, Report, Row, Table, Why, Year

__all__ = [
    "Column",
    "Measure",
    "Report",
    "Row",
    "Table",
    "Why",
    "Year",
    "list_quarters",
    "make_report",
]
