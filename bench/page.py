"""Owns the page that both floors write: an agenda with as much in each line as ours has."""

from __future__ import annotations

from jinja2 import Environment

_PAGE = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Agenda</title>
</head><body><h1>Agenda</h1><p>{{ count }} cases</p>
<table><caption>Cases as they are heard</caption>
<thead><tr><th>Case</th><th>Referral</th><th>Why</th><th>Risk</th><th>Mind</th><th>Due</th></tr>
</thead><tbody>{% for row in rows %}<tr><th scope="row"><span class="number">{{ loop.index }}</span>
<span class="time">{{ row["time"] }}</span> <span class="label">{{ row["label"] }}</span>
<span class="ref">{{ row["reference"] }}</span></th>
<td><dl><dt>Kind</dt><dd>{{ row["kind"] }}</dd><dt>Referred by</dt><dd>{{ row["referrer"] }}</dd>
<dd>{{ row["name"] }}</dd></dl></td>
<td><dl><dt>Criteria</dt>{% for each in row["criteria"] %}<dd>{{ each }}</dd>{% endfor %}
<dt>Place in the order</dt><dd>{{ row["place"] }}</dd></dl></td>
<td><dl><dt>Level</dt><dd><span class="icon" aria-hidden="true">!</span> {{ row["level"] }}</dd>
<dt>Score</dt><dd>{{ row["score"] }}</dd><dt>Critical answers</dt>
{% for each in row["critical"] %}<dd>{{ each }}</dd>{% endfor %}</dl></td>
<td><dl><dt>Markers</dt>{% for each in row["markers"] %}<dd><span class="icon">*</span>
{{ each }}</dd>{% endfor %}<dt>Children named</dt><dd>{{ row["children"] }}</dd></dl></td>
<td><dl><dt>IDVA service</dt><dd>{{ row["idva"] }}</dd></dl></td></tr>{% endfor %}
</tbody></table></body></html>"""
PAGE = Environment(autoescape=True).from_string(_PAGE)
