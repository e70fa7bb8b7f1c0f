"""Lets an install build the style of the pages; one without npm goes on and says what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import build as style  # lies beside this file


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for wheels and for editable installs."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Build, and let the wheel carry what was built."""
        try:
            style.build()
        except style.Unbuilt as fault:
            self.app.display_warning(str(fault))
        build_data["artifacts"].append("gateway/desk/static/built")
