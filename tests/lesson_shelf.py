"""The lessons of the documentation, which is no package: importing this lets tests import `lessons`."""

import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
if str(DOCS) not in sys.path:
    sys.path.append(str(DOCS))
