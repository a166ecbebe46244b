"""The paper's dual-branch network, its ablations (Table 7), and its backbones (Table 5).

Zhang et al., "Micro-expression Recognition Based on Dual-branch Feature Extraction and Fusion". Published: a global
branch (ResNet12 with CBAM), a local branch (Inception-v3 with CBAM) on the facial regions of the action units, their
fusion by CAFFM, inputs of 231 x 282 pixels, Adam at 0.001, batches of 64, 500 epochs, a step decay of 0.9 every 100
epochs, and in Table 7 the size and cost of six variants. Not published: what the names GFEM, LTFEM and DBFEM of that
table mean (taken as global branch, local branch, and both without CAFFM), layer widths, the stem, the head, the
equations of CAFFM and of its variants _L and _G, where the CBAMs of the branches are, whether the networks of Table 5
have them, the form of the inputs, the loss, class weights, augmentation, seeds, and how a model is selected.

merlab's layers are a reconstruction. It agrees with all twelve values of Table 7 within 1 % (``merlab profile``), so it
is plausible, but it is not evidence of the authors' layers. Some of its layers were chosen only to agree with Table 7:
the stem of two convolutions, the neck of LTFEM with a width of 1024, the upsampling by two in CAFFM, and the
translation layer of CAFFM_L and CAFFM_G. The values agree for 3 and for 6 input channels, if the "complexity" of Table
7 counts multiply-accumulates. The text mentions onset and apex frames, so the ``paper`` preset stacks both (6
channels), which adds less than 0.1 % of parameters. Assumed: 231 x 282 means 231 pixels wide and 282 high; the loss is
the cross-entropy. Differs: the paper crops the box of a face detector; merlab takes the crops of the database, or the
aligned faces of ``merlab prepare``.

The presets ``synthetic28`` and ``pretrained28`` train the network of ``flow28`` as ``flow-cnn`` is trained: the same
input, the same clips in every batch, as many steps, and a second head for the intensities of action units.
"""

from collections.abc import Callable
from functools import partial

from torch import nn

from merlab.inputs.recipe import View
from merlab.methods.dual_branch.global_branch import residual_zoo
from merlab.methods.dual_branch.local_branch import EPSILON, inception_zoo
from merlab.methods.dual_branch.network import DualNetwork, FusionNetwork, GlobalNetwork, LocalNetwork
from merlab.methods.flow_cnn import FROM_SYNTHETIC_FLOW, ON_SYNTHETIC_FLOW
from merlab.methods.joint_svm import CENTERED_UVS
from merlab.methods.layers.zoo import ZooNames
from merlab.methods.method import Method, Preset
from merlab.training import TrainingSettings

PAPER = "Zhang et al., Micro-expression Recognition Based on Dual-branch Feature Extraction and Fusion"
PAPER_INPUT = "onset-apex:size=231x282"

BOTH_BRANCHES = residual_zoo("global_branch"), inception_zoo("local_branch")

NARROW = {"width": 0.25, "stem_stride": 1}
WITH_UNITS = {**NARROW, "units": 28}

PRESETS = {
    "paper": Preset(
        source="section IV.B of the paper; what it does not mention (class weights, augmentation) is not used",
        training=TrainingSettings(),
    ),
    "reduced": Preset(
        source="merlab's choice, fast enough for a CPU: a quarter of the width, small optical flow, balanced classes, "
        "mirroring and shifts of up to 2 pixels",
        reduced=True,
        network={"width": 0.25},
        training=TrainingSettings(
            epochs=30,
            batch_size=16,
            learning_rate=2e-3,
            decay=0.3,
            decay_every=12,
            class_weights="balanced",
            mirror=True,
            shift=2,
        ),
        input="flow:channels=uvs,scale=signed,size=64x80",
    ),
    "flow28": Preset(
        source="merlab's choice for 28 x 28 flow: no stride in the stem, a quarter of the width, balanced classes, "
        "mirroring and shifts of 1 pixel; chosen among eight variants on synthetic faces only, but results on the "
        "released flow had already shown that a narrow network without stride helps",
        reduced=True,
        network=NARROW,
        training=TrainingSettings(
            epochs=30,
            batch_size=32,
            learning_rate=1e-3,
            decay=0.3,
            decay_every=12,
            class_weights="balanced",
            mirror=True,
            shift=1,
        ),
        input="flow:channels=uvs,scale=minmax,size=28x28",
    ),
    "synthetic28": Preset(
        source="merlab's choice: the network of flow28, trained on synthetic flow with the settings of flow-cnn",
        reduced=True,
        network=WITH_UNITS,
        training=ON_SYNTHETIC_FLOW,
        input=CENTERED_UVS,
    ),
    "pretrained28": Preset(
        source="merlab's choice: the network of flow28, trained on synthetic flow and then on real clips with the "
        "settings of flow-cnn: 120 steps, 56 real and 28 synthetic clips in a batch",
        reduced=True,
        network=WITH_UNITS,
        training=FROM_SYNTHETIC_FLOW,
        input=CENTERED_UVS,
        needs=("synthetic", "start"),
    ),
}


# With a local branch, the published size also has the constant of Inception-v3's batch normalization.
WITH_LOCAL_BRANCH = {**PRESETS, "paper": PRESETS["paper"].model_copy(update={"network": {"epsilon": EPSILON}})}


def _method(
    name: str, title: str, view: View, network: Callable[..., nn.Module], zoo: tuple[ZooNames, ...] = BOTH_BRANCHES
) -> Method:
    return Method(
        name=name,
        title=title,
        paper=PAPER,
        input=PAPER_INPUT,
        presets=PRESETS if view == "global" else WITH_LOCAL_BRANCH,
        view=view,
        network=network,
        zoo=zoo,
    )


def _residual(name: str, title: str, depth: int) -> Method:
    return _method(name, title, "global", partial(GlobalNetwork, depth=depth), (residual_zoo("branch", depth),))


GFEM = _method("gfem", "global branch: ResNet12 + CBAM", "global", GlobalNetwork, (residual_zoo("branch"),))
LTFEM = _method("ltfem", "local branch: Inception-v3 + CBAM", "local", LocalNetwork, (inception_zoo("branch"),))
DBFEM = _method("dbfem", "both branches, concatenated", "both", DualNetwork)
DBFEM_CAFFM = _method("dbfem-caffm", "both branches, fused by CAFFM", "both", FusionNetwork)
DBFEM_CAFFM_L = _method(
    "dbfem-caffm-l", "both branches, CAFFM guided by the local one", "both", partial(FusionNetwork, guide="local")
)
DBFEM_CAFFM_G = _method(
    "dbfem-caffm-g", "both branches, CAFFM guided by the global one", "both", partial(FusionNetwork, guide="global")
)
RESNET18 = _residual("resnet18", "global branch of Table 5: ResNet18 + CBAM", 18)
RESNET34 = _residual("resnet34", "global branch of Table 5: ResNet34 + CBAM", 34)

DUAL_BRANCH = (GFEM, LTFEM, DBFEM, DBFEM_CAFFM, DBFEM_CAFFM_L, DBFEM_CAFFM_G, RESNET18, RESNET34)

__all__ = ["DUAL_BRANCH", "DualNetwork", "FusionNetwork", "GlobalNetwork", "LocalNetwork"]
