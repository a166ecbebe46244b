"""Weights of published networks in files of the user: every layer gets those of its name, and what was done is kept."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from merlab.databases import load
from merlab.errors import MerlabError
from merlab.evaluation.study import Study
from merlab.evaluation.unit import Fit, Worker
from merlab.evaluation.zoo import ZooFile, start_from
from merlab.inputs import as_recipe
from merlab.methods import Method, Preset, Task, find_method
from merlab.methods.dual_branch.local_branch import LocalBranch
from merlab.reports.material import material_text
from merlab.training import NeuralClassifier
from tests import zoo_weights
from tests.helpers import write_flow_tree

CLASSES = ("a", "b", "c")
RELEASED = ("0", "3")
SMALL = {"width": 16, "heads": 2, "patch": 16}
INDEX = "features.0.0.attn.relative_position_index"


def start(name: str, tensors: Mapping[str, Tensor], preset: str | Preset = "paper", recipe: str = ""):
    method = find_method(name)
    chosen = method.preset(preset) if isinstance(preset, str) else preset
    read = as_recipe(recipe or chosen.input or method.input).seen_by(method.view)
    file = ZooFile("zoo.pth", "5ea1", tensors, "d16e57")
    return start_from(file, method, chosen, Task.of(len(CLASSES), read), read, CLASSES)


def network(name: str, preset: Preset, recipe: str, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network of a method after its start."""
    read = as_recipe(recipe)
    module = find_method(name).module(Task.of(len(CLASSES), read), preset)
    module.load_state_dict({**module.state_dict(), **start(name, tensors, preset, recipe).tensors})
    return module.eval()


@pytest.mark.parametrize(
    ("name", "shapes", "taken", "adapted", "left_out"),
    [
        ("emr", zoo_weights.resnet(), 120, [], ["fc"]),
        ("emr-adversarial", zoo_weights.resnet(), 120, [], ["fc"]),
        ("capsulenet", zoo_weights.resnet(), 89, ["conv1.weight"], ["fc", "layer4.0.bn1", "layer4.0.bn2"]),
        ("aman", zoo_weights.resnet(), 119, ["conv1.weight"], ["fc"]),
        ("akmnet", zoo_weights.resnet(), 119, [], ["conv1", "fc"]),
        ("self-attention-transfer", zoo_weights.resnet(), 119, ["conv1.weight"], ["fc"]),
        ("madtn", zoo_weights.resnet(), 119, ["conv1.weight"], ["fc"]),
        ("dikd", zoo_weights.resnet(), 119, ["conv1.weight"], ["fc"]),
        ("resnet18", zoo_weights.resnet(), 114, [], ["bn1", "conv1", "fc"]),
        ("resnet34", zoo_weights.resnet((3, 4, 6, 3)), 210, [], ["bn1", "conv1", "fc"]),
        ("dbfem-caffm", zoo_weights.resnet(), 72, [], ["bn1", "conv1", "fc"]),
        ("ltfem", zoo_weights.inception_v3(), 249, ["Conv2d_1a_3x3.conv.weight"], []),
        ("slstt-mean", zoo_weights.vit_of_timm(), 149, ["pos_embed"], ["head"]),
        ("slstt-lstm", zoo_weights.vit_of_torchvision(), 149, ["encoder.pos_embedding"], ["heads.head"]),
        ("slstt-mean", zoo_weights.vit_of_torchvision(24, hidden=RELEASED), 150, [], ["heads.head"]),
        ("later", zoo_weights.video_swin(torchvision=True), 326, ["patch_embed.proj.weight"], [INDEX]),
        ("later", zoo_weights.video_swin(torchvision=False), 326, ["backbone.patch_embed.proj.weight"], []),
        ("elrcn", zoo_weights.vgg16(), 29, ["features.0.weight"], ["classifier.6"]),
        ("sssn", zoo_weights.alexnet_of_caffe(), 3, ["conv1.weight"], ["conv3", "fc6"]),
        ("dssn", zoo_weights.alexnet_of_caffe(), 3, ["conv1.weight"], ["conv3", "fc6"]),
    ],
)
def test_a_published_network_fills_all_layers_of_its_names(name, shapes, taken, adapted, left_out):
    """Counted by hand: 20 convolutions and 20 normalizations of 5 tensors make the 120 of ResNet-18, and so on."""
    facts = start(name, zoo_weights.weights(shapes, of_zeros=True)).fitted
    assert facts is not None
    assert (facts.taken, facts.adapted) == (taken, adapted)
    assert facts.left_out[: len(left_out)] == left_out


def test_the_maps_are_those_of_the_published_resnet():
    tensors = zoo_weights.weights(zoo_weights.resnet(width=16))
    emr = network("emr", find_method("emr").preset("reduced"), "flow:channels=uvm,scale=minmax,size=64x64", tensors)
    images = torch.randn(2, 3, 64, 64)
    maps = _normalized(F.conv2d(images, tensors["conv1.weight"], stride=2, padding=3), tensors, "bn1").relu()
    maps = F.max_pool2d(maps, 3, 2, 1)
    for stage in range(1, 5):
        for block in range(2):
            maps = _residual_block(maps, tensors, f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1)
    assert isinstance(emr.trunk, nn.Module)
    assert torch.allclose(emr.trunk(images), maps, rtol=1e-4, atol=1e-4)


def _normalized(maps: Tensor, tensors: Mapping[str, Tensor], name: str, epsilon: float = 1e-5) -> Tensor:
    mean, variance, weight, bias = (
        tensors[f"{name}.{leaf}"] for leaf in ("running_mean", "running_var", "weight", "bias")
    )
    return F.batch_norm(maps, mean, variance, weight, bias, eps=epsilon)


def _residual_block(maps: Tensor, tensors: Mapping[str, Tensor], name: str, stride: int) -> Tensor:
    inner = F.conv2d(maps, tensors[f"{name}.conv1.weight"], stride=stride, padding=1)
    inner = _normalized(inner, tensors, f"{name}.bn1").relu()
    inner = _normalized(F.conv2d(inner, tensors[f"{name}.conv2.weight"], padding=1), tensors, f"{name}.bn2")
    if f"{name}.downsample.0.weight" in tensors:
        maps = F.conv2d(maps, tensors[f"{name}.downsample.0.weight"], stride=stride)
        maps = _normalized(maps, tensors, f"{name}.downsample.1")
    return (maps + inner).relu()


@pytest.mark.slow
def test_a_map_is_that_of_the_published_inception():
    """Its batch normalization adds 0.001 to variances (torchvision's ``BasicConv2d``), which matters to small ones."""
    tensors = zoo_weights.weights(zoo_weights.inception_v3())
    tensors = {name: value / 1000 if name.endswith("running_var") else value for name, value in tensors.items()}
    recipe = "flow:channels=uvs,scale=minmax,size=28x28"
    ltfem = network("ltfem", find_method("ltfem").preset("paper"), recipe, tensors)
    images, name = torch.rand(2, 3, 28, 28), "Conv2d_1a_3x3"
    assert isinstance(ltfem.branch, LocalBranch)
    maps = F.conv2d(images, tensors[f"{name}.conv.weight"], stride=2, padding=1)
    maps = _normalized(maps, tensors, f"{name}.bn", epsilon=0.001).relu()
    assert torch.allclose(ltfem.branch.layers[0](images), maps, rtol=1e-4, atol=1e-4)
    assert {layer.eps for layer in ltfem.branch.modules() if isinstance(layer, nn.BatchNorm2d)} == {0.001}


def test_the_class_token_is_that_of_the_published_transformer():
    """The reference is the encoder layer of torch, of which torchvision's files have the weights.

    Its layer normalization adds 1e-6 to variances, as timm's does; tokens are so small that this matters.
    """
    tensors = zoo_weights.weights(zoo_weights.vit_of_torchvision(grid=4, width=16, patch=16))
    for name in ("class_token", "encoder.pos_embedding", "conv_proj.weight", "conv_proj.bias"):
        tensors[name] = tensors[name] / 1000
    preset = find_method("slstt-mean").preset("paper")
    preset = preset.model_copy(update={"network": {**preset.network, **SMALL}})
    slstt = network("slstt-mean", preset, "hsv-flow:frames=5,size=64x64", tensors)
    images = torch.rand(2, 3, 64, 64)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    patches = F.conv2d(
        (images - mean.view(-1, 1, 1)) / deviation.view(-1, 1, 1),
        tensors["conv_proj.weight"],
        tensors["conv_proj.bias"],
        stride=16,
    )
    tokens = torch.cat([tensors["class_token"].expand(2, -1, -1), patches.flatten(2).mT], dim=1)
    tokens = tokens + tensors["encoder.pos_embedding"]
    for number in range(12):
        layer = nn.TransformerEncoderLayer(16, 2, 64, 0, "gelu", batch_first=True, norm_first=True, layer_norm_eps=1e-6)
        block = f"encoder.layers.encoder_layer_{number}"
        layer.load_state_dict({own: tensors[f"{block}.{theirs}"] for own, theirs in OF_TORCH.items()})
        tokens = layer.eval()(tokens)
    expected = F.layer_norm(tokens, (16,), tensors["encoder.ln.weight"], tensors["encoder.ln.bias"], 1e-6)[:, 0]
    assert isinstance(slstt.transform, nn.Module)
    assert torch.allclose(slstt.transform(images), expected, rtol=1e-4, atol=1e-4)


OF_TORCH = {
    f"{own}{leaf}": f"{theirs}{leaf}"
    for own, theirs, leaves in (
        ("self_attn.in_proj_", "self_attention.in_proj_", ("weight", "bias")),
        ("self_attn.out_proj.", "self_attention.out_proj.", ("weight", "bias")),
        ("linear1.", "mlp.linear_1.", ("weight", "bias")),
        ("linear2.", "mlp.linear_2.", ("weight", "bias")),
        ("norm1.", "ln_1.", ("weight", "bias")),
        ("norm2.", "ln_2.", ("weight", "bias")),
    )
    for leaf in leaves
}


def test_a_kernel_keeps_its_response_to_gray_images_for_other_channels_and_reads_blue_first_where_the_input_does():
    tensors = zoo_weights.weights(zoo_weights.resnet())
    kernel = tensors["conv1.weight"]
    color, gray = (
        start("capsulenet", tensors, recipe=f"apex:color={color},size=224x224").tensors["encode.0.0.0.weight"]
        for color in ("bgr", "gray")
    )
    assert torch.equal(color, kernel[:, [2, 1, 0]])
    assert torch.allclose(gray, kernel.sum(dim=1, keepdim=True), atol=1e-6)
    flow = start("madtn", tensors).tensors["extract.0.0.0.0.weight"]  # a gray frame and two flow fields
    assert flow.shape == (64, 5, 7, 7)
    assert torch.allclose(flow.sum(dim=1), kernel.sum(dim=1), atol=1e-6)


def test_positions_are_moved_to_another_grid_and_the_class_token_keeps_its_own():
    tensors = zoo_weights.weights(zoo_weights.vit_of_timm(), of_zeros=True)
    rows = torch.arange(14.0).repeat_interleave(14)
    tensors["pos_embed"] = torch.cat([torch.tensor([100.0]), rows]).view(1, -1, 1).expand(1, 197, 768)
    moved = start("slstt-mean", tensors).tensors["transform.layers.1.positions"][0, :, 0]
    assert moved[0] == 100
    grid = moved[1:].view(24, 24)
    assert torch.allclose(grid, grid[:, :1].expand(24, 24), atol=1e-4)
    middles = (torch.arange(24.0) + 0.5) * 14 / 24 - 0.5
    assert torch.allclose(grid[3:21, 0], middles[3:21], atol=0.02)


def test_positions_that_are_no_square_grid_or_of_another_width_are_refused():
    tensors = zoo_weights.weights(zoo_weights.vit_of_torchvision(grid=4, width=16, patch=16))
    preset = find_method("slstt-mean").preset("paper").model_copy(update={"network": SMALL})
    for shape in ((1, 6, 16), (1, 17, 8)):
        tensors["encoder.pos_embedding"] = torch.zeros(shape)
        with pytest.raises(MerlabError, match="the tensor encoder.pos_embedding is .* in the file and .*1, 17, 16"):
            start("slstt-mean", tensors, preset, "hsv-flow:frames=5,size=64x64")


@pytest.mark.parametrize(
    ("name", "shapes", "preset", "message"),
    [
        (
            "emr",
            zoo_weights.vit_of_timm(),
            "paper",
            r"zoo.pth does not fit emr: its first names are cls_token, pos_embed, patch_embed.proj.weight, ...; "
            r"expected are those of ResNet-18 \(names of torchvision and timm\): conv1, bn1, layer1.0.conv1, ...",
        ),
        (
            "emr",
            zoo_weights.resnet(),
            "reduced",
            r"the tensor bn1.weight is \(64,\) in the file and \(16,\) in the network; .* \(--preset paper",
        ),
        (
            "emr",
            zoo_weights.resnet((3, 4, 6, 3)),
            "paper",
            r"zoo.pth does not fit emr: it has a layer layer1.2.conv1, so it is a deeper network than ResNet-18 ",
        ),
        ("elrcn", zoo_weights.vgg16(normalized=True), "paper", r"features.7.weight is \(128, 64, 3, 3\) in the file"),
        ("dssn", zoo_weights.alexnet_of_torchvision(), "paper", "only its layer features.0 is known, .* another shape"),
        (
            "ststnet",
            zoo_weights.resnet(),
            "paper",
            "ststnet contains no network .* only from a file of `merlab pretrain`",
        ),
    ],
)
def test_another_network_is_refused_with_the_names_or_the_shapes(name, shapes, preset, message):
    with pytest.raises(MerlabError, match=message):
        start(name, zoo_weights.weights(shapes, of_zeros=True), preset)


def test_a_deeper_network_is_refused_under_the_names_of_a_wrapper_too():
    tensors = zoo_weights.weights(zoo_weights.resnet((3, 4, 6, 3)), of_zeros=True)
    with pytest.raises(MerlabError, match="it has a layer module.layer1.2.conv1, so it is a deeper network"):
        start("emr", {f"module.{name}": value for name, value in tensors.items()}, "paper")


def test_a_network_of_your_own_is_told_how_it_can_start(monkeypatch):
    monkeypatch.setattr(f"{__name__}.find_method", lambda name: Method(name, network=nn.Identity))
    with pytest.raises(MerlabError, match="mine contains .*; a network of your own can load its weights where"):
        start("mine", {}, Preset())


@pytest.fixture
def clips(tmp_path):
    return load("ststnet-flow", write_flow_tree(tmp_path / "flow"))


def test_a_run_starts_from_it_and_records_what_was_taken(clips, tmp_path, monkeypatch):
    """One step at a learning rate of almost 0 leaves the weights of the file, and random ones where it has none."""
    tensors = {f"module.{name}": value for name, value in zoo_weights.weights(zoo_weights.resnet(width=16)).items()}
    file = ZooFile("resnet.pth", "5ea1", tensors, "d16e57")
    still = {"epochs": 1, "learning_rate": 1e-12, "weight_decay": 0}
    study = Study.of(
        clips,
        ["emr", "linear-svm"],
        scheme="megc2019",
        protocol="loso",
        seeds=1,
        preset="flow28",
        training=still,
        starts=[file],
    )
    plan = study.plan()
    trained, baseline = plan.entries
    (facts,) = trained.facts("key").starts
    assert facts.fitted is not None
    assert (facts.fitted.taken, facts.fitted.left_out) == (119, ["module.conv1", "module.fc"])  # a stem of 3 x 3
    assert {"trunk.0.0", "classify"} <= set(facts.fitted.random)
    assert "START TRAINED ON: unknown data (resnet.pth)" in trained.stamps
    assert material_text(trained.facts("key")).endswith(
        "trained on unknown data (resnet.pth), ResNet-18 (names of torchvision and timm), tensors taken: 119, adapted: "
        "0, layers of the file left out: 2, random layers of the network: 6"
    )
    assert not baseline.starts
    trained_networks: list[nn.Module] = []
    predict = NeuralClassifier.predict_proba

    def noted(self, inputs):
        trained_networks.append(self.module)
        return predict(self, inputs)

    monkeypatch.setattr(NeuralClassifier, "predict_proba", noted)
    Worker(plan, tmp_path / "cache").run(Fit(0, 0, 0, "key"))
    weights = trained_networks[0].state_dict()
    assert torch.allclose(weights["trunk.1.7.residual.1.0.weight"], tensors["module.layer4.1.conv2.weight"], atol=1e-6)


def test_a_file_that_no_method_of_the_run_can_use_is_refused(clips):
    file = ZooFile("resnet.pth", "5ea1", zoo_weights.weights(zoo_weights.resnet(), of_zeros=True), "d16e57")
    methods: list[str | Method] = ["linear-svm", "emr"]
    with pytest.raises(MerlabError, match=r"linear-svm contains no .* from no weights; resnet.pth does not fit emr"):
        Study.of(clips, methods, scheme="megc2019", protocol="loso", preset="flow28", starts=[file]).plan()
