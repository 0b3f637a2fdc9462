"""What is known about the service: every code that is cited anywhere has its row, and every row its place on the page."""

import json
import re
from pathlib import Path

from hptsim.audit.laws import LAWS
from hptsim.model.assumptions import ASSUMPTIONS
from hptsim.model.specification import GRADES, anchor, cited, clauses, linked, markdown, place, sections, words
from hptsim.model.tables import ALL

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("hptsim", "docs", "notebooks", "tests")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".md", ".ipynb", ".html", ".js", ".toml")
    and not {"reference", "test_specification.py"} & {*path.parts}
] + [ROOT / "README.md"]
CODES = [*clauses(), *(section.code for section in sections())]
ANCHOR = re.compile(r'<a id="([^"]+)">')


def written(path):
    """What somebody has written in a file: of a notebook its cells, without their outputs, which hold pictures."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def missing(text):
    """The codes that *text* cites and that have no entry."""
    return [code for code in cited(text) if code not in CODES]


def test_every_code_that_is_cited_has_an_entry():
    texts = {str(path.relative_to(ROOT)): written(path) for path in SOURCES}
    assert sum(bool(cited(text)) for text in texts.values()) > 50
    assert {path: codes for path, text in texts.items() if (codes := missing(text))} == {}


def test_a_code_without_an_entry_is_noticed():
    text = "as it does (H2, R99; A-77), J12 to J16, §3.9 and M:Nothing"
    assert missing(text) == ["R99", "A-77", "J15", "J16", "§3.9", "M:Nothing"]
    assert cited("K4 to K6, A-12 to A-14") == ("K4", "K5", "K6", "A-12", "A-13", "A-14")
    assert cited("#D55E00 ml.c5.xlarge L0,10 stored in Amazon S3, x/H2 and UTF-8") == ()


def test_every_entry_has_its_own_place_on_the_page():
    places = ANCHOR.findall((ROOT / "docs" / "specification.md").read_text(encoding="utf-8"))
    assert places == ANCHOR.findall(markdown())
    assert sorted(places) == sorted(map(anchor, CODES)) and len({*places}) == len(places)


def test_every_link_to_a_place_of_a_generated_page_finds_it():
    texts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
    followed = 0
    for name, text in texts.items():
        for page, where in re.findall(r"\]\((specification\.md|semantics\.md)#([^)]+)\)", text):
            headings = {title.lower() for title in re.findall(r"^#+ (\w+)$", texts[page], re.MULTILINE)}
            assert where in {*ANCHOR.findall(texts[page]), *headings}, f"{name} links to {page}#{where}"
            followed += 1
    assert followed > 300


def test_an_entry_is_a_sentence_with_a_grade_and_a_source():
    for clause in clauses().values():
        assert clause.says[-1] in ".?`" and len(clause.says.split()) > 2 and clause.source, clause
        assert {*clause.grade.split(", ")} <= GRADES.keys(), clause
        assert {*clause.decided_by} <= ASSUMPTIONS.keys(), clause


def test_an_open_question_is_decided_and_a_recording_is_compared_with_the_twin():
    for code, clause in clauses().items():
        if code.startswith("A-"):
            assert clause.decided_by or clause.twin, clause
        if code.startswith("O"):
            assert clause.twin.split()[0].rstrip(":.,") in ("Followed", "Partly", "Not"), clause


def test_what_rows_and_laws_rest_on_is_explained_in_words():
    ours = {"design", "journal", "lifecycle"}
    for item in (*LAWS, *(row for table in ALL for row in table.rows)):
        assert words(item.rests_on) or item.rests_on in ours, item
    assert words("J11, stop-while-uploading").keys() == {"J11", "stop-while-uploading"}
    assert words("§3.3") == {"§3.3": "What a stop does, phase by phase"}


def test_codes_become_links():
    assert linked("J1 to J3, alone") == "[J1](specification.md#j1) to [J3](specification.md#j3), alone"
    assert linked("see (A-35, §3.3)") == "see ([A-35](specification.md#a-35), [§3.3](specification.md#section-3-3))"
    assert place("cluster-reuse", ".html") == "semantics.html#cluster-reuse"
