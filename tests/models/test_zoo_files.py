"""Files of weights that are not merlab's are read as tensors, and never executed."""

import pickle
import warnings
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch.torch_version import TorchVersion

from merlab.errors import MerlabError
from merlab.evaluation.zoo import ZooFile
from merlab.models.starts import load_starts
from merlab.models.training import Training, fitting_starts
from merlab.models.zoo_files import SAFE
from merlab.schemes import find_scheme
from tests import zoo_weights

TENSORS = {"conv1.weight": torch.ones(2, 3), "bn1.num_batches_tracked": torch.tensor(7)}

reads_pickle = pytest.mark.skipif(torch.__version__ < SAFE, reason="an older PyTorch reads no pickle, as a test shows")


@reads_pickle
def test_the_same_tensors_are_read_from_every_kind_of_file(tmp_path):
    save_file(TENSORS, tmp_path / "a.safetensors")
    torch.save(TENSORS, tmp_path / "b.pth")
    torch.save({"epoch": 3, "state_dict": TENSORS}, tmp_path / "c.PT")
    files = load_starts([tmp_path / name for name in ("a.safetensors", "b.pth", "c.PT")])
    for file in files:
        assert isinstance(file, ZooFile)
        assert file.tensors.keys() == TENSORS.keys()
        assert all(torch.equal(file.tensors[name], value) for name, value in TENSORS.items())
    assert len({file.digest for file in files}) == 1
    assert len({file.sha256 for file in files}) == 3


@reads_pickle
@pytest.mark.parametrize("entry", ["state_dict", "model_state_dict", "model", "net", "network"])
def test_the_weights_of_a_checkpoint_are_found_beside_what_else_it_holds(tmp_path, entry):
    """Names of PyTorch's tutorial (model_state_dict), Lightning (state_dict), timm (model) and others."""
    torch.save({"epoch": 3, "optimizer": {"state": {}}, entry: {"state_dict": TENSORS}}, tmp_path / "a.pth")
    (file,) = load_starts(tmp_path / "a.pth")
    assert isinstance(file, ZooFile)
    assert file.tensors.keys() == TENSORS.keys()


class Harmful:
    """Would be executed by an unpickler."""

    def __reduce__(self):
        return pytest.fail, ("a file was executed",)


UNREADABLE = r"its code \(it is damaged, or torch.save did not write it in its usual format\); save .* get it again$"


@reads_pickle
def test_a_file_of_a_protocol_that_pytorch_does_not_read_is_refused_without_its_warning(tmp_path):
    torch.save({"conv1.weight": torch.ones(2)}, tmp_path / "new.pth", pickle_protocol=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(MerlabError, match=UNREADABLE):
            load_starts(tmp_path / "new.pth")


@pytest.mark.parametrize("version", ["2.4.0", "2.5.1+cu124", "2.9.1"])
def test_a_pytorch_that_executes_code_in_spite_of_weights_only_reads_no_pickle(tmp_path, monkeypatch, version):
    """CVE-2025-32434 is mended in PyTorch 2.6, CVE-2026-24747 in 2.10."""
    torch.save(TENSORS, tmp_path / "a.pth")
    save_file(TENSORS, tmp_path / "a.safetensors")
    monkeypatch.setattr(torch, "__version__", TorchVersion(version))
    with pytest.raises(MerlabError, match=r"can execute what is in .*a\.pth; install PyTorch 2\.10 or a newer one"):
        load_starts(tmp_path / "a.pth")
    assert load_starts(tmp_path / "a.safetensors")


@reads_pickle
def test_a_file_that_may_not_be_read_is_named_with_its_permissions(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(torch, "load", refuse)
    (tmp_path / "closed.pth").touch()
    with pytest.raises(MerlabError, match=r"closed.pth cannot be read: Permission denied; check its permissions"):
        load_starts(tmp_path / "closed.pth")


@reads_pickle
def test_a_network_that_was_saved_as_a_whole_is_named_with_the_remedy(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "whole.pth")
    where = r"\(it holds an object of torch.nn.modules.linear.Linear\); save its state_dict\(\) alone"
    with pytest.raises(MerlabError, match=where):
        load_starts(tmp_path / "whole.pth")


@reads_pickle
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("harmful.pth", pickle.dumps({"conv1.weight": Harmful()}, 2), "its code .it holds an object of"),
        ("damaged.pt", b"PK\x03\x04 no archive", r"without running its code \([^\n]*archive[^\n]*\); save its"),
        ("empty.pth", b"", UNREADABLE),
        ("page.pth", b"<html>404</html>", UNREADABLE),
        ("text.pth", b"hello", UNREADABLE),
        ("damaged.safetensors", b"\x10", "is not a complete safetensors file"),
        ("words.txt", b"conv1", "is not a complete safetensors file"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_other_content_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MerlabError, match=message):
        load_starts(tmp_path / name)


@reads_pickle
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 3}, "holds no tensors by name"),
        ([torch.ones(2)], "holds no tensors by name"),
        ({1: torch.ones(2)}, "holds no tensors by name"),
        ({"conv1.weight": torch.tensor([1.0, torch.nan])}, "tensor conv1.weight in .* not finite"),
        ({"conv1.weight": torch.eye(2).to_sparse()}, "conv1.weight in .* is sparse, nested or without values; save it"),
        ({"conv1.weight": torch.empty(2, 2, device="meta")}, "conv1.weight in .* without values; save it"),
    ],
)
def test_tensors_must_have_names_and_be_finite(tmp_path, content, message):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(MerlabError, match=message):
        load_starts(tmp_path / "weights.pth")


def test_a_missing_file_is_named_with_what_can_be_given(tmp_path):
    with pytest.raises(MerlabError, match=r"none.pth does not exist; --from takes .* \(.safetensors, .pth, .pt\)"):
        load_starts(tmp_path / "none.pth")


def test_a_recognizer_can_be_trained_from_it_and_states_that_its_data_are_unknown():
    file = ZooFile("resnet.pth", "5ea1", zoo_weights.weights(zoo_weights.resnet(), of_zeros=True), "d16e57")
    training = Training("mine", "self-attention-transfer", "paper", find_scheme("megc2019"), None, 0, 1)
    (start,) = fitting_starts(training, [file])
    assert start.databases == ("unknown data (resnet.pth)",)
    assert start.fitted is not None
    assert start.fitted.random == ["attention.join", "attention.project", "classify.1", "normalize", "place"]
    with pytest.raises(MerlabError, match="ststnet contains no network"):
        fitting_starts(replace(training, method="ststnet"), [file])
