"""Which build of torch suits which machine."""

import pytest

from wyoming_voiceclone.environments.gpus import read_gpus, read_torch
from wyoming_voiceclone.environments.torch_builds import (
    Device,
    Gpu,
    TorchInside,
    choose,
    fits,
    is_choice,
    remark,
)

H200 = Gpu("NVIDIA H200", (9, 0), "570.133.20")
RTX_5090 = Gpu("NVIDIA GeForce RTX 5090", (12, 0), "580.95.05")
GTX_1080 = Gpu("NVIDIA GeForce GTX 1080", (6, 1), "580.95.05")
OLD_DRIVER = Gpu("Tesla T4", (7, 5), "470.256.02")

CU124 = ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
CU130 = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
"""As torch.cuda.get_arch_list() has them in the wheels of torch 2.6 and 2.9."""


@pytest.mark.parametrize(
    ("wanted", "device", "gpus", "build"),
    [
        ("auto", "either", [], "cpu"),
        ("auto", "gpu", [], "cpu"),
        ("auto", "cpu", [H200], "cpu"),
        ("auto", "either", [H200], "auto"),
        ("auto", "gpu", [RTX_5090], "auto"),
        ("auto", "gpu", [GTX_1080], "cu126"),
        ("auto", "gpu", [RTX_5090, GTX_1080], "cu126"),
        ("auto", "gpu", [OLD_DRIVER], "cpu"),
        ("cuda", "cpu", [H200], "auto"),
        ("cpu", "gpu", [H200], "cpu"),
        ("cu130", "gpu", [], "cu130"),
    ],
)
def test_the_build_suits_the_engine_the_gpu_and_its_driver(
    wanted: str, device: Device, gpus: list[Gpu], build: str
) -> None:
    assert choose(wanted, device, gpus).build == build


def test_a_person_is_told_what_the_machine_lacks() -> None:
    assert "there is none here" in choose("auto", "gpu", []).note
    assert "driver 470.256.02 is too old" in choose("auto", "gpu", [OLD_DRIVER]).note
    assert "name the build" in choose("cuda", "gpu", []).note
    assert choose("auto", "either", [H200]).note == ""


@pytest.mark.parametrize("wanted", ["auto", "cpu", "cuda", "cu130", "rocm6.4", "index"])
def test_builds_are_chosen_by_their_names(wanted: str) -> None:
    assert is_choice(wanted)


@pytest.mark.parametrize("wanted", ["", "gpu", "cu", "cu130; rm", "--index", "2.13"])
def test_what_is_no_build_is_refused(wanted: str) -> None:
    assert not is_choice(wanted)


@pytest.mark.parametrize(
    ("capability", "architectures", "runs"),
    [
        ((9, 0), CU124, True),
        ((8, 9), CU124, True),  # code for 8.6 runs on 8.9
        ((12, 0), CU124, False),
        ((12, 0), CU130, True),
        ((12, 1), CU130, True),
        ((10, 3), CU130, True),
        ((13, 0), CU130, True),  # compiled from the PTX
        ((13, 0), CU130[:-1], False),
        ((6, 1), CU130, False),
        ((7, 2), ("sm_75",), False),
        ((9, 0), ("sm_90a",), True),
        ((9, 1), ("sm_90a",), False),  # code with a letter is for that GPU alone
        ((10, 3), ("sm_100f",), True),
        ((9, 0), (), False),
        ((9, 0), ("gfx942",), False),
    ],
)
def test_a_build_runs_where_its_code_does(
    capability: tuple[int, int], architectures: tuple[str, ...], runs: bool
) -> None:
    assert fits(capability, architectures) is runs


def test_a_gpu_newer_than_the_build_is_named_with_a_remedy() -> None:
    inside = TorchInside("2.6.0+cu124", "12.4", CU124, (RTX_5090,))
    said = remark(inside, [RTX_5090])
    assert said.startswith(
        "NVIDIA GeForce RTX 5090 (sm_120) is newer than torch 2.6.0+cu124 (CUDA 12.4), made for "
    )
    assert said.endswith("or with --torch cpu")


def test_a_gpu_older_than_the_build_is_told_which_one_has_it() -> None:
    inside = TorchInside("2.13.0+cu130", "13.0", CU130, (GTX_1080,))
    said = remark(inside, [GTX_1080])
    assert "is older than torch 2.13.0+cu130" in said
    assert "--torch cu126" in said


def test_one_gpu_that_fits_does_not_hide_another_that_does_not() -> None:
    inside = TorchInside("2.6.0+cu124", "12.4", CU124, (H200, RTX_5090))
    assert "RTX 5090" in remark(inside, [H200, RTX_5090])


def test_a_gpu_that_torch_cannot_see_is_told() -> None:
    blind = TorchInside("2.13.0+cu130", "13.0")
    assert "cannot use NVIDIA H200 (with NVIDIA's driver 570.133.20)" in remark(blind, [H200])
    assert "there is none here" in remark(blind, [])


def test_nothing_is_said_where_all_is_well() -> None:
    assert remark(TorchInside("2.13.0+cu130", "13.0", CU130, (H200, RTX_5090)), [H200]) == ""
    assert remark(TorchInside("2.13.0+cpu"), [H200]) == ""


def test_what_nvidia_smi_prints_is_read() -> None:
    table = "NVIDIA H200, 9.0, 570.133.20\nNVIDIA A100-SXM4, 80GB, 8.0, 570.133.20\n"
    assert read_gpus(table) == [H200, Gpu("NVIDIA A100-SXM4, 80GB", (8, 0), "570.133.20")]


@pytest.mark.parametrize(
    "table",
    ["", "No devices were found\n", "Failed to initialize NVML\n", "GPU, [N/A], 1.0\n", ",,\n"],
)
def test_what_is_no_table_of_gpus_names_none(table: str) -> None:
    assert read_gpus(table) == []


def test_what_torch_answers_is_read_behind_whatever_it_prints() -> None:
    answer = 'a warning\n["2.13.0+cu130", "13.0", ["sm_90"], [["NVIDIA H200", 9, 0]]]\n'
    inside = read_torch(answer)
    assert inside == TorchInside("2.13.0+cu130", "13.0", ("sm_90",), (Gpu("NVIDIA H200", (9, 0)),))
    assert read_torch('["2.13.0+cpu", null, [], []]') == TorchInside("2.13.0+cpu")


@pytest.mark.parametrize("answer", ["", "Illegal instruction\n", "[]", "[1, 2, 3, 4]", "null"])
def test_what_is_no_answer_of_torch_is_none(answer: str) -> None:
    assert read_torch(answer) is None
