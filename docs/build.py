"""Everything that the documentation site is: `python docs/build.py` writes it to site/.

The pages come from Sphinx. The twin in the browser needs Pyodide (from npm) and the wheels of hptsim's dependencies (from
pip); both are fetched once, to build/twin/. Nothing else needs a network, neither building again nor reading.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from hptsim.views.style import style_sheet  # noqa: E402

SITE = ROOT / "site"
CACHE = ROOT / "build" / "twin"
PYODIDE = "314.0.7"
PARTS = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
"""What the browser needs of Pyodide's package."""


def pages(site: Path = SITE) -> None:
    """Build all pages anew, for they show code, notebooks and tables that Sphinx does not watch; a warning is an error."""
    shutil.rmtree(ROOT / "docs" / "reference", ignore_errors=True)  # written anew, for rooms come and go
    doctrees = site.parent / "build" / "doctrees"
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-a", "-W", "--keep-going", "-b", "html", "-d", doctrees]
    subprocess.run([*command, ROOT / "docs", site], check=True)


def wanted() -> dict[str, Any]:
    """What the twin in the browser is made of, besides this tree."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"pyodide": PYODIDE, "dependencies": project["dependencies"]}


def fetched() -> bool:
    """Whether all of that is there."""
    stamp = CACHE / "stamp.json"
    return stamp.exists() and json.loads(stamp.read_text(encoding="utf-8")) == wanted()


def fetch() -> None:
    """Get it from npm and pip."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("docs/build.py: the twin in the browser needs npm to get Pyodide; or build only --pages")
    shutil.rmtree(CACHE, ignore_errors=True)
    (CACHE / "pyodide").mkdir(parents=True)
    subprocess.run(
        [npm, "pack", "--loglevel=error", f"pyodide@{PYODIDE}", "--pack-destination", CACHE],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with tarfile.open(CACHE / f"pyodide-{PYODIDE}.tgz") as package:
        for part in PARTS:
            content = package.extractfile(f"package/{part}")
            assert content is not None
            (CACHE / "pyodide" / part).write_bytes(content.read())
    (CACHE / f"pyodide-{PYODIDE}.tgz").unlink()
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--wheel-dir", CACHE / "wheels", *wanted()["dependencies"]], check=True)
    if alien := [wheel.name for wheel in (CACHE / "wheels").iterdir() if not wheel.name.endswith("-none-any.whl")]:
        raise SystemExit(f"docs/build.py: {alien} are not pure Python, so that Pyodide cannot use them")
    (CACHE / "stamp.json").write_text(json.dumps(wanted()), encoding="utf-8")


def page(folder: Path) -> None:
    """Put the page of the twin in the browser, with the shared style, into this folder, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs" / "twin", folder)
    (folder / "style.css").write_text(style_sheet(switch=True), encoding="utf-8")


def twin(site: Path = SITE) -> None:
    """Build the page on which hptsim runs in the browser, from this tree and what `fetch` has got."""
    folder = site / "twin"
    page(folder)
    for part in ("pyodide", "wheels"):
        shutil.copytree(CACHE / part, folder / part)
    with zipfile.ZipFile(folder / "wheels" / "hptsim.zip", "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted((ROOT / "hptsim").rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                package.write(file, file.relative_to(ROOT))
    wheels = sorted(path.name for path in (folder / "wheels").iterdir())
    (folder / "wheels.json").write_text(json.dumps(wheels), encoding="utf-8")


def serve(site: Path = SITE, port: int = 8000) -> http.server.ThreadingHTTPServer:
    """A server of the site on loopback, for a browser loads no Python from a file; port 0 is any free one."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the documentation site, to site/.")
    parser.add_argument("--pages", action="store_true", help="without the twin in the browser, which needs npm")
    parser.add_argument("--serve", action="store_true", help="serve it on loopback when it is built")
    chosen = parser.parse_args()
    pages()
    if not chosen.pages:
        if not fetched():
            fetch()
        twin()
    print(f"built {SITE}")
    if chosen.serve:
        with serve() as server:
            print(f"serving http://127.0.0.1:{server.server_port}/; Ctrl-C ends it")
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print()


if __name__ == "__main__":
    main()
