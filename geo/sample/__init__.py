"""The sample city: real streets, census, places and stations of Beijing, and everything that nobody publishes generated.

Enterprises, reported risk sources, hazardous units, buried lines, building sites and records of dangers are drawn from
stated distributions (``marginals.toml``, ``METHOD.md``) with a seed, and marked synthetic in every row. The public
names are :func:`generate` and :class:`SampleSummary`.
"""

from __future__ import annotations

from geo.sample.generate import SampleSummary, generate

__all__ = ["SampleSummary", "generate"]
