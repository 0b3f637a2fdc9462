"""The programs of docs/how-to/other-languages.md, run as they stand there; each is skipped where its SDK is not installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from examples import request, simulation
from serving import served

PAGE = (Path(__file__).parent.parent / "docs" / "how-to" / "other-languages.md").read_text(encoding="utf-8")
URL = "http://127.0.0.1:8765"
LANGUAGES = ("Command line", "Python", "JavaScript", "Go", "Java", ".NET", "PHP", "Ruby", "C++")
GO = Path("/usr/share/gocode")
"""Where Debian keeps the sources of Go's libraries."""


def programs(language):
    """The programs under the heading of a language."""
    section = PAGE.partition(f"\n## {language}\n")[2].partition("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", section, re.S)


def ran(command, text="", **settings):
    """What a program prints; *text* goes to its standard input."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {
        "AWS_ACCESS_KEY_ID": "hptsim",
        "AWS_SECRET_ACCESS_KEY": "hptsim",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        **settings,
    }
    done = subprocess.run(command, input=text, capture_output=True, text=True, env=environment, timeout=500)
    assert done.returncode == 0, done.stderr
    return done.stdout


def needs(program, *arguments, **settings):
    """Skip unless a program runs."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if subprocess.run([program, *arguments], capture_output=True, env={**os.environ, **settings}).returncode:
        pytest.skip(f"{program} {' '.join(arguments)} fails: its SDK is not installed")


@pytest.fixture
def sim():
    sim = simulation()
    sim.create_tuning_job(request("demo"))
    sim.run(until=50)
    return sim


@pytest.fixture
def url(sim):
    with served(sim) as url:
        yield url


def test_each_language_of_the_service_has_a_short_program_that_names_the_address():
    for language in LANGUAGES:
        found = programs(language)
        assert found, language
        for program in found:
            assert URL in program and len(program.splitlines()) <= 28, language


@pytest.mark.long
def test_python(url):
    [program] = programs("Python")
    assert ran([sys.executable, "-c", program.replace(URL, url)]) == "Stopping\n"


@pytest.mark.long
def test_python_and_javascript_read_the_address_from_the_environment(url):
    [program] = programs("Python")
    program = program.replace(f', endpoint_url="{URL}"', "")
    assert ran([sys.executable, "-c", program], AWS_ENDPOINT_URL_SAGEMAKER=url) == "Stopping\n"
    needs("node", "-e", 'require("@aws-sdk/client-sagemaker")')
    [program] = programs("JavaScript")
    assert "endpoint" in program
    program = program.replace(f'endpoint: "{URL}", ', "")
    assert ran(["node", "-e", program], AWS_ENDPOINT_URL_SAGEMAKER=url) == "Stopping\n"


@pytest.mark.long
def test_the_command_line(url):
    needs("aws", "--version")
    [program] = programs("Command line")
    assert ran(["bash"], program.replace(URL, url)) == "Stopping\n"


@pytest.mark.long
def test_javascript(url):
    needs("node", "-e", 'require("@aws-sdk/client-sagemaker")')
    [program] = programs("JavaScript")
    assert ran(["node", "-e", program.replace(URL, url)]) == "Stopping\n"


@pytest.mark.long
@pytest.mark.parametrize("version", [2, 1])
def test_go(url, tmp_path, version):
    needs("go", "version")
    folder = {2: "aws-sdk-go-v2", 1: "aws-sdk-go"}[version]
    if not (GO / "src" / "github.com" / "aws" / folder / "service" / "sagemaker").is_dir():
        pytest.skip(f"{folder} is not installed (Debian: golang-github-aws-{folder}-dev)")
    program = programs("Go")[{2: 0, 1: 1}[version]]
    client = GO / "src" / "github.com" / "aws" / folder / "service" / "sagemaker"
    if version == 2 and not any("BaseEndpoint" in path.read_text() for path in client.glob("*.go")):
        old = f'sagemaker.WithEndpointResolver(sagemaker.EndpointResolverFromURL("{URL}"))'
        assert old in PAGE
        program, count = re.subn(r"func\(o \*sagemaker.Options\) \{.*\}\)", lambda _: f"{old})", program)
        assert count == 1
    (tmp_path / "main.go").write_text(program.replace(URL, url))
    settings = {"GO111MODULE": "off", "GOPATH": str(GO), "GOFLAGS": "", "GOTMPDIR": str(tmp_path)}
    assert ran(["go", "run", str(tmp_path / "main.go")], **settings) == "Stopping\n"


@pytest.mark.long
def test_ruby_reads_what_was_stored(sim, tmp_path):
    needs("ruby", "-e", 'require "aws-sdk-s3"')
    sim.stop_tuning_job("demo")
    sim.run()
    program = programs("Ruby")[1]
    with served(sim) as url:
        keys = ran(["ruby", "-e", program.replace(URL, url)]).split()
    assert len(keys) == 2 and all(key.endswith("/output/model.tar.gz") for key in keys)


@pytest.mark.long
def test_ruby(url):
    needs("ruby", "-e", 'require "aws-sdk-sagemaker"')
    assert ran(["ruby", "-e", programs("Ruby")[0].replace(URL, url)]) == "Stopping\n"
