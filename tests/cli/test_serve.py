"""The command that starts the service: errors, warnings, limits."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from merlab.faces.people import MOST_FACES
from merlab.inference import runtimes
from merlab.serving import routes, server
from merlab.serving.limits import Limits
from merlab.spotting.spot import SpottingSettings
from tests.videos.recognizers import small_recognizer

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "howto" / "serve.md"


@pytest.fixture
def serve(merlab, tmp_path, monkeypatch):
    """Run the command with a server that ends at once; returns its output and the limits of its jobs."""
    small_recognizer().save(tmp_path / "weights.safetensors")
    limits = []

    class Server:
        def run(self, sockets):
            assert sockets[0].getsockname()[1] > 0

    def make(jobs, *args, **options):
        limits.append(jobs.limits)
        jobs.close()

    monkeypatch.setattr(routes, "make_app", make)
    monkeypatch.setattr(server, "make_server", lambda _: Server())

    def run(*options, landmarks=("--landmarks", "five-points")):
        given = ["--port", 0, "--jobs-folder", tmp_path / "jobs", "--weights", tmp_path / "weights.safetensors"]
        return *merlab("serve", *given, *landmarks, *options), limits

    return run


def test_it_prints_the_address_of_its_page_and_the_folder_of_its_jobs(serve, tmp_path):
    status, out, err, limits = serve()
    assert status == 0
    assert re.search(r"http://127\.0\.0\.1:\d+", out)
    assert str(tmp_path / "jobs") in out
    assert "warning" not in err
    assert limits == [Limits()]


def test_without_the_face_mesh_it_stops_before_it_listens(serve, tmp_path):
    status, out, err, limits = serve(landmarks=())
    assert (status, out, limits) == (1, "", [])
    assert "run `merlab models get` once" in err
    assert "--landmarks five-points" in err
    assert not (tmp_path / "jobs").exists()


def test_without_its_runtime_it_stops_before_it_listens(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(runtimes, "find_spec", lambda package: None)
    status, out, err, limits = serve("--runtime", "openvino")
    assert (status, out, limits) == (1, "", [])
    assert "runtime openvino: not installed: pip install" in err
    assert not (tmp_path / "jobs").exists()


def test_it_warns_if_a_network_can_reach_it(serve):
    _, _, err, _ = serve("--host", "0.0.0.0")
    assert "without a password" in err


def test_options_arrive_at_each_job_and_at_the_page(serve, monkeypatch, tmp_path):
    made = []

    def make(jobs, job, **options):
        made.append((job.keywords, options))
        jobs.close()

    monkeypatch.setattr(routes, "make_app", make)
    assert serve("--jobs", 3, "--workers", 2, "--runtime", "torch", "--root", tmp_path)[0] == 0
    ((of_job, of_page),) = made
    assert (of_job["jobs"], of_job["runtime"], of_job["finding"].landmarks) == (3, "torch", "five-points")
    assert tmp_path / "weights.safetensors" in of_job["weights"].values()
    assert of_page["weights"] == list(of_job["weights"])
    assert (of_page["workers"], of_page["roots"], of_page["names"]) == (2, [tmp_path], ["127.0.0.1"])


def test_options_become_limits(serve):
    options = {"max-mb": 1, "max-seconds": 2, "max-megapixels": 3, "job-minutes": 4, "memory-mb": 512, "queue": 6}
    flags = [text for name, value in options.items() for text in (f"--{name}", value)]
    *_, limits = serve(*flags, "--keep", 7, "--keep-days", 8)
    expected = Limits(2**20, 2.0, 3_000_000, 240.0, 512 * 2**20, 6, 7, 8.0)
    assert limits == [expected]


@pytest.mark.parametrize(
    "option", ["--max-mb", "--max-seconds", "--max-megapixels", "--job-minutes", "--memory-mb", "--keep-days"]
)
@pytest.mark.parametrize("value", ["inf", "nan", "1e300", "-1"])
def test_a_limit_that_cannot_be_is_refused_by_its_name(serve, option, value):
    status, _, err, limits = serve(option, value)
    assert (status, option in err, limits) == (2, True, [])


def test_a_port_that_is_taken(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, err, _ = serve("--port", taken.getsockname()[1])
    assert status == 1
    assert "choose another --port" in err


@pytest.mark.parametrize("host", ["..", "a" * 70, "nowhere.invalid"])
def test_an_address_of_no_machine(serve, host):
    status, _, err, _ = serve("--host", host)
    assert (status, "choose another --host" in err) == (1, True)


def test_a_root_that_is_not_a_folder(serve, tmp_path):
    status, _, err, _ = serve("--root", tmp_path / "nowhere")
    assert status == 1
    assert "nowhere" in err


def test_weights_that_cannot_be_read_are_reported_before_the_service_starts(serve, tmp_path):
    (tmp_path / "bad.safetensors").write_text("no weights")
    status, out, err, _ = serve("--weights", tmp_path / "bad.safetensors")
    assert status == 1
    assert "bad.safetensors" in err
    assert "http://" not in out


def test_the_options_in_the_documentation_exist(merlab):
    shown = merlab("serve", "--help")[1]
    named = set(re.findall(r"--[a-z][a-z-]+", DOCUMENT.read_text(encoding="utf-8").split("## For programs")[0]))
    assert named
    assert {option for option in named if option not in shown} == set()


def test_the_defaults_of_the_settings_of_a_video_in_the_documentation_are_those_of_the_service():
    (threshold,) = re.findall(r"\| `threshold` \| ([\d.]+) \|", DOCUMENT.read_text(encoding="utf-8"))
    (faces,) = re.findall(r"\| `faces` \| (\d+) \|", DOCUMENT.read_text(encoding="utf-8"))
    assert (float(threshold), int(faces)) == (SpottingSettings().floor, MOST_FACES)


@pytest.mark.parametrize(("cores", "workers", "processes"), [(8, 1, 8), (8, 3, 2), (2, 4, 1)])
def test_jobs_share_the_cores(serve, monkeypatch, cores, workers, processes):
    given: dict[str, object] = {}
    monkeypatch.setattr("merlab.cli.serve.usable_cores", lambda: cores)
    monkeypatch.setattr("merlab.cli.serve.partial", lambda work, **options: given.update(options) or work)
    serve("--workers", workers)
    assert given["jobs"] == processes
