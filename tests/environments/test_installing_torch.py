"""The build of torch and the machine: with packages in torch's place, and a stand-in for the GPU.

PyTorch's own index is out of reach here, as it is for many.
"""

import shutil
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from shelf import SITES, Workshop, declare_robot, served, wheel

import wyoming_voiceclone
from wyoming_voiceclone.environments.installed import read_receipt
from wyoming_voiceclone.environments.needs import OWN

TORCH = """
__version__ = "2.6.0+cu124"

class version:
    cuda = "12.4"

class cuda:
    is_available = staticmethod(lambda: {available})
    device_count = staticmethod(lambda: 1)
    get_device_name = staticmethod(lambda _: "NVIDIA GeForce RTX 5090")
    get_device_capability = staticmethod(lambda _: (12, 0))
    get_arch_list = staticmethod(lambda: ["sm_50", "sm_80", "sm_86", "sm_90"])
"""
CUDA = ("engines", "install", "robot", "--no-check", "--torch", "cuda")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path)
    require(shop, "servos==2.1", "torch==2.6.0")
    wheel(shop.shelf, "nvidia-cublas-cu12", "12.4", {})
    with served(shop.shelf) as url:
        del shop.environment["PIP_NO_INDEX"], shop.environment["UV_FIND_LINKS"]
        shop.environment |= {
            "PIP_INDEX_URL": f"{url}/simple",
            "ALL_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "127.0.0.1",
            "UV_HTTP_RETRIES": "0",
        }
        yield shop


def require(shop: Workshop, *requirements: str) -> None:
    """What the robot asks for instead."""
    shutil.rmtree(shop.packages)
    declare_robot(shop.packages, requirements=requirements)


def put_torch(shop: Workshop, *, available: bool) -> None:
    code = TORCH.format(available=available)
    wheel(shop.shelf, "torch", "2.6.0", {"torch/__init__.py": code}, ["nvidia-cublas-cu12==12.4"])


def put_gpu(shop: Workshop) -> None:
    """A tool that answers as NVIDIA's does, to us and to uv, which asks for the driver alone."""
    tool = shop.folder / "bin/nvidia-smi"
    tool.parent.mkdir()
    answer = "case $1 in *name*) printf 'NVIDIA GeForce RTX 5090, 12.0, ';; esac; echo 580.95.05"
    tool.write_text(f"#!/bin/sh\n{answer}\n")
    tool.chmod(0o755)
    shop.environment["PATH"] += f":{tool.parent}"


def test_a_gpu_newer_than_the_build_is_told(shop: Workshop) -> None:
    put_torch(shop, available=True)
    put_gpu(shop)
    done = shop.run(*CUDA)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    unreachable, newer = warnings
    assert unreachable == (
        "warning: download.pytorch.org cannot be reached: torch comes from the package index"
    )
    assert newer == (
        "warning: NVIDIA GeForce RTX 5090 (sm_120) is newer than torch 2.6.0+cu124 (CUDA 12.4), "
        "made for sm_50, sm_80, sm_86, sm_90 — install with --torch and a newer build when there "
        "is one, or with --torch cpu"
    )
    receipt = read_receipt(shop.home)
    assert receipt
    assert (receipt.torch, receipt.packages["torch"]) == ("index", "2.6.0")


def test_a_gpu_that_torch_cannot_use_is_told(shop: Workshop) -> None:
    put_torch(shop, available=False)
    put_gpu(shop)
    said = shop.run(*CUDA).stderr
    assert "cannot use NVIDIA GeForce RTX 5090 (with NVIDIA's driver 580.95.05)" in said


def test_cudas_gigabytes_are_announced_on_a_machine_that_cannot_use_them(shop: Workshop) -> None:
    put_torch(shop, available=False)
    done = shop.run("engines", "install", "robot", "--no-check")
    assert done.returncode == 0
    announced = "warning: It comes with CUDA's libraries, gigabytes that are of no use on this"
    said = done.stderr.index(announced)
    assert said < done.stderr.index("robot: installing its libraries")


def test_what_only_looks_at_gpus_is_no_reason_to_ask(shop: Workshop) -> None:
    require(shop, "servos==2.1")  # and what everybody has: nvidia-ml-py is of that
    done = shop.run("engines", "install", "robot", "--no-check")
    assert done.returncode == 0, done.stderr
    assert "CUDA" not in done.stderr


def test_a_program_that_was_installed_from_a_wheel_is_what_the_worker_runs(tmp_path: Path) -> None:
    shop = Workshop(tmp_path)
    program = tmp_path / "program"
    venv.create(program, with_pip=False)
    (site,) = program.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text("\n".join(map(str, SITES)))
    own = Path(wyoming_voiceclone.__file__).parent
    shutil.copytree(own, site / own.name, ignore=shutil.ignore_patterns("__pycache__"))
    about = next(found for at in SITES for found in at.glob(f"{OWN.replace('-', '_')}-*.dist-info"))
    shutil.copytree(about, site / about.name)

    shop.python = str(program / "bin/python")
    done = shop.run("engines", "install", "robot")
    assert done.returncode == 0, done.stderr
    (linked,) = shop.home.glob("venv/lib/python*/site-packages/wyoming_voiceclone")
    assert linked.resolve() == site / "wyoming_voiceclone"
