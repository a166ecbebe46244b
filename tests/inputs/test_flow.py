import cv2
import numpy as np
import pytest
import torch

from merlab.clips import ClipTable
from merlab.errors import MerlabError
from merlab.frames import ClipError, read_image
from merlab.inputs import make_input, mirror_of, parse_recipe
from merlab.inputs.flow import center, read_flow_image, scale_signed, stretch_each
from merlab.optical_flow import ALGORITHMS, strain, tvl1
from tests.helpers import STSTNET_FLOW, make_clip, moved, needs_released_flow, texture, write_frames

INSIDE = (slice(30, -30), slice(30, -30))


def gray(image):
    return image.round().clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("name", "error"), [("dis", 0.05), ("farneback", 0.25)])
def test_an_algorithm_finds_a_known_movement_of_a_fraction_of_a_pixel(name, error):
    onset = texture(1)
    flow = ALGORITHMS[name](gray(onset), gray(moved(onset, 0.6, -0.4)))
    median = np.median(flow[INSIDE].reshape(-1, 2), axis=0)
    assert median == pytest.approx([0.6, -0.4], abs=error)


def test_dis_gives_the_same_flow_each_time():
    onset, apex = gray(texture(1)), gray(moved(texture(1), 1.3, 0.2))
    assert np.array_equal(ALGORITHMS["dis"](onset, apex), ALGORITHMS["dis"](onset, apex))


@pytest.mark.skipif(hasattr(cv2, "optflow"), reason="this environment has OpenCV's contrib build")
def test_tvl1_without_opencv_contrib_is_an_error_that_names_what_to_install():
    with pytest.raises(MerlabError, match=r'\[tvl1\]"'):
        tvl1(gray(texture(1)), gray(texture(1)))


@pytest.mark.skipif(not hasattr(cv2, "optflow"), reason="TV-L1 needs OpenCV's contrib build")
def test_tvl1_finds_a_known_movement():
    onset = texture(1)
    flow = tvl1(gray(onset), gray(moved(onset, 0.6, -0.4)))
    assert np.median(flow[INSIDE].reshape(-1, 2), axis=0) == pytest.approx([0.6, -0.4], abs=0.05)


@pytest.mark.parametrize(
    ("u", "v", "expected"),
    [
        (lambda x, y: 0.1 * x, lambda x, y: 0 * y, 0.1),  # pure stretch: exx = .1
        (lambda x, y: 0 * x, lambda x, y: -0.2 * y, 0.2),  # pure compression: eyy = -.2
        (lambda x, y: 0.3 * y, lambda x, y: 0 * x, np.sqrt(2) * 0.15),  # simple shear: exy = .15
        (lambda x, y: -0.1 * y, lambda x, y: 0.1 * x, 0.0),  # rotation does not strain
        (lambda x, y: 2 + 0 * x, lambda x, y: 3 + 0 * y, 0.0),  # nor does translation
    ],
)
def test_strain_of_a_linear_field_is_the_norm_of_its_strain_tensor(u, v, expected):
    y, x = np.mgrid[:20, :30].astype(np.float32)
    flow = np.stack([u(x, y), v(x, y)], axis=-1).astype(np.float32)
    assert strain(flow) == pytest.approx(np.full((20, 30), expected), abs=1e-5)


def test_minmax_stretches_each_channel_separately_and_a_constant_one_becomes_zero():
    ramp = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    stretched = stretch_each(np.stack([8 * ramp - 3, 0.2 * ramp, np.full((3, 4), 7, np.float32)]), "uvs")
    for plane in stretched[:2]:
        assert plane == pytest.approx(ramp, abs=1e-6)
    assert not stretched[2].any()


def test_signed_scaling_keeps_zero_sign_and_the_ratio_of_u_to_v():
    rng = np.random.default_rng(0)
    u = rng.uniform(-2, 2, (40, 40)).astype(np.float32)
    u[0, 0] = 0
    scaled = scale_signed(np.stack([u, u / 4, np.abs(u) / 100]), "uvs")
    assert scaled[0, 0, 0] == 0
    assert np.array_equal(np.sign(scaled[0]), np.sign(u))
    assert np.abs(scaled).max() <= 1
    unclipped = np.abs(scaled[0]) < 1
    assert scaled[0][unclipped] == pytest.approx(4 * scaled[1][unclipped], abs=1e-6)
    assert scaled[2].max() == 1


def test_centering_undoes_the_stretching_of_stored_images():
    planes = np.random.default_rng(0).gamma(1.0, size=(3, 28, 28)).astype(np.float32)
    centered = center(planes, "uvs")
    assert np.median(centered, axis=(1, 2)) == pytest.approx(np.zeros(3), abs=1e-6)
    assert centered.std(axis=(1, 2)) == pytest.approx(np.ones(3), abs=1e-5)
    assert center(stretch_each(planes, "uvs"), "uvs") == pytest.approx(centered, abs=1e-4)
    assert not center(np.full((1, 4, 4), 7, np.float32), "s").any()


def test_a_stored_image_can_be_centered_and_its_british_spelling_is_understood(tmp_path):
    clip = released_clip(tmp_path)
    made = make_input(ClipTable((clip,)), clip, parse_recipe("flow:scale=centred"))
    assert str(parse_recipe("flow:scale=centred")) == str(parse_recipe("flow:scale=centered"))
    assert np.array_equal(made, center(read_flow_image(clip.source), "uvs"))


@pytest.mark.parametrize("scale", ["minmax", "centered"])
def test_stored_flow_is_mirrored_as_the_flow_of_the_mirrored_face(tmp_path, scale):
    clip = released_clip(tmp_path)
    recipe = parse_recipe(f"flow:scale={scale}")
    mirror = mirror_of(recipe)
    assert mirror is not None
    before = make_input(ClipTable((clip,)), clip, recipe)
    image = read_image(clip.source)[:, ::-1].copy()
    image[..., 2] = 255 - image[..., 2]
    cv2.imwrite(str(clip.source), image)
    after = make_input(ClipTable((clip,)), clip, recipe)
    assert mirror(torch.from_numpy(before)[None])[0].numpy() == pytest.approx(after, abs=1e-5)


def test_a_still_face_gives_zero_flow_and_no_nan(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3))
    for scale in ("minmax", "signed", "raw", "centered"):
        made = make_input(ClipTable((clip,)), clip, parse_recipe(f"flow:scale={scale}"))
        assert np.isfinite(made).all()
        assert np.abs(made).max() < 1e-3


def test_flow_of_a_clip_points_where_the_face_moved(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1.5, -1.0), texture(1)]))
    u, v, shear = make_input(ClipTable((clip,)), clip, parse_recipe("flow:scale=raw,size=64x80"))
    assert np.median(u) == pytest.approx(1.5, abs=0.1)
    assert np.median(v) == pytest.approx(-1.0, abs=0.1)
    assert np.median(shear) < 0.1


def test_the_magnitude_is_the_length_of_the_movement(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1), moved(texture(1), 1.5, -2.0), texture(1)]))
    (magnitude,) = make_input(ClipTable((clip,)), clip, parse_recipe("flow:channels=m,scale=raw,size=64x80"))
    assert np.median(magnitude) == pytest.approx(2.5, abs=0.1)


def test_flow_is_in_pixels_of_the_frame_or_of_the_size_at_which_it_is_computed(tmp_path):
    """Frames of half of 231x282 px: a movement of 1 px is one of 2 px at that size."""
    face = texture(1, height=141, width=116)
    clip = make_clip(write_frames(tmp_path / "clip", [face, moved(face, 1.0, 0.0), face]))
    for at, expected in (("native", 1.0), ("231x282", 2.0)):
        u, _ = make_input(ClipTable((clip,)), clip, parse_recipe(f"flow:channels=uv,scale=raw,at={at}"))
        assert np.median(u) == pytest.approx(expected, abs=0.1)


def test_a_released_image_is_read_as_u_v_strain_and_not_as_opencv_orders_colors(tmp_path):
    image = np.zeros((28, 28, 3), np.uint8)
    image[..., 2], image[..., 1], image[..., 0] = 255, 102, 51  # OpenCV writes B, G, R
    cv2.imwrite(str(tmp_path / "flow.png"), image)
    assert read_flow_image(tmp_path / "flow.png")[:, 0, 0] == pytest.approx([1.0, 0.4, 0.2])


def released_clip(tmp_path):
    path = tmp_path / "flow.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (28, 28, 3), np.uint8))
    return make_clip(path, onset=None, apex=None, offset=None)


def test_a_stored_flow_image_is_used_for_a_recipe_that_fits_it(tmp_path):
    clip = released_clip(tmp_path)
    made = make_input(ClipTable((clip,)), clip, parse_recipe("flow:channels=uv,scale=minmax,size=28x28"))
    assert np.array_equal(made, read_flow_image(clip.source)[:2])


@pytest.mark.parametrize(
    "text", ["flow:scale=raw", "flow:size=56x56", "flow:channels=uvm", "apex", "difference:size=28x28"]
)
def test_a_stored_flow_image_is_refused_for_every_other_recipe_with_the_possible_options(tmp_path, text):
    clip = released_clip(tmp_path)
    with pytest.raises(ClipError, match="scale=minmax"):
        make_input(ClipTable((clip,)), clip, parse_recipe(text))


def test_a_clip_without_an_apex_is_named(tmp_path):
    clip = make_clip(write_frames(tmp_path / "clip", [texture(1)] * 3), apex=None, offset=None, name="EP12_01f")
    with pytest.raises(ClipError, match="EP12_01f .* has no apex"):
        make_input(ClipTable((clip,)), clip, parse_recipe("flow"))


@needs_released_flow
def test_the_release_stores_v_as_the_channel_that_moves_brows_in_surprise():
    """In the upper third of surprise images, brows move up (v below the median): the channel order is correct."""
    lifted = []
    for path in sorted(STSTNET_FLOW.glob("sub*/u_test/2/*.png")):
        v = read_flow_image(path)[1]
        lifted.append(v[3:9].mean() - np.median(v))
    assert np.mean(lifted) < -0.05
