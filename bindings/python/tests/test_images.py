# SPDX-License-Identifier: BSD-2-Clause
"""What the binding does where rows are images."""

import re

import aepred
import numpy as np
import pytest
from aepred import ImageLayer, LayerKind, average_pool, conv, conv_transposed, max_pool, norm, upsample
from aepred._library import lib


def stripes(n, seed, height=12, width=12):
    """Images of slanted stripes (n, height, width), each of a random phase."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    images = np.sin((x + y) * 0.8 + random.uniform(0, 6.3, (n, 1, 1))) + random.normal(0, 0.05, (n, height, width))
    return images.astype(np.float32)


def scratched(n, seed):
    images = stripes(n, seed)
    images[:, 4:8, 5] = 3
    return images


def small_model(**arguments):
    return aepred.Model(image=(1, 12, 12), image_encoder=[conv(6, 3, 2)], encoder=(8,), **arguments)


@pytest.fixture(scope="module")
def trained():
    model = small_model(head=(16,), epochs=25, batch=64, learning_rate=3e-3, seed=1)
    assert model.fit(stripes(800, 1))
    model.calibrate(stripes(400, 2))
    return model


def test_scratched_images_score_higher(trained):
    images = np.concatenate([stripes(200, 3), scratched(50, 4)])
    scores = trained.score(images)
    assert scores.shape == (250,)
    assert aepred.metrics.auroc(scores, np.arange(250) >= 200) > 0.95
    heat = trained.explain(scratched(20, 5))
    assert heat.shape == (20, 12, 12)
    assert np.allclose(heat.sum(axis=(1, 2)), 1, atol=1e-5)
    assert heat[:, 4:8, 5].sum(axis=1).mean() > 0.3  # of 4 pixels out of 144


def test_every_shape_of_the_same_images_scores_the_same(trained):
    images = stripes(5, 6)
    flat, channels = images.reshape(5, 144), images[:, np.newaxis]
    expected = trained.score(flat)
    for shaped in (images, channels, images.tolist(), channels.astype(np.float64)):
        assert np.array_equal(trained.score(shaped), expected)
        assert np.array_equal(trained.encode(shaped), trained.encode(flat))
        assert np.array_equal(trained.errors(shaped), trained.errors(flat))


def test_results_have_the_shape_that_was_given(trained):
    images = stripes(5, 7)
    for shaped in (images, images[:, np.newaxis], images.reshape(5, 144)):
        assert trained.reconstruct(shaped).shape == trained.explain(shaped).shape == shaped.shape
        assert np.array_equal(trained.reconstruct(shaped).ravel(), trained.reconstruct(images).ravel())


def test_float32_images_are_read_where_they_lie(trained, monkeypatch):
    calls = []
    function = lib.aep_score
    monkeypatch.setattr(lib, "aep_score", lambda *arguments: calls.append(arguments) or function(*arguments))
    images = stripes(10, 8)
    trained.score(images)
    assert calls[0][3:] == (images.ctypes.data, 10, 144)
    trained.score(images[2:5])
    assert calls[1][3:] == (images.ctypes.data + 2 * images.strides[0], 3, 144)


def test_images_train_in_every_way():
    model = small_model(epochs=1, missing="impute")
    images = stripes(30, 9)
    images[3, 2, 1] = np.nan
    model.fit_scaling(images)
    model.fit_batch(images[:, np.newaxis])
    assert model.fit(images)
    model.calibrate(images)
    assert model.stats["scaling_rows"] == 30 and model.stats["calibration_rows"] == 30


def test_the_place_of_an_invalid_value_is_an_index():
    model = small_model()
    images = stripes(4, 10)
    assert model.invalid_cell(images) is None
    images[3, 7, 2] = np.inf
    assert model.invalid_cell(images) == (3, 7, 2)
    assert model.invalid_cell(images[:, np.newaxis]) == (3, 0, 7, 2)
    assert model.invalid_cell(images.reshape(4, 144)) == (3, 7 * 12 + 2)


def test_images_of_another_shape_are_refused(trained):
    takes = "takes (n, 1, 12, 12) or (n, 12, 12) or (n, 144)"
    for shape in ((4, 12, 11), (4, 3, 12, 12), (4, 12, 12, 1), (4, 1, 1, 12, 12), (4, 2, 72)):
        with pytest.raises(aepred.ColumnsError, match=re.escape(f"{shape}, but this model {takes}")) as caught:
            trained.score(np.zeros(shape, np.float32))
        assert isinstance(caught.value, ValueError)
    with pytest.raises(aepred.ColumnsError, match="12"):
        trained.score(np.zeros((12, 12), np.float32))  # one image is no rows
    with pytest.raises(aepred.RowsError):
        trained.score(np.zeros((0, 12, 12), np.float32))
    with pytest.raises(ValueError, match="3 dimensions, but must have 2"):
        aepred.Model(144).fit_scaling(np.zeros((4, 12, 12), np.float32))
    colour = aepred.Model(image=(3, 12, 12), image_encoder=[conv(6, 3, 2)])
    with pytest.raises(aepred.ColumnsError, match=re.escape("takes (n, 3, 12, 12) or (n, 432)")):
        colour.fit_scaling(np.zeros((4, 12, 12, 3), np.float32))  # channels come first


def test_a_signal_needs_no_height():
    model = aepred.Model(image=(2, 1, 64), image_encoder=[conv(4, 5, 4)], encoder=(3,))
    signals = np.random.default_rng(11).normal(size=(6, 2, 64)).astype(np.float32)
    model.fit_scaling(signals)
    assert model.image_maps["encoder"] == ((4, 1, 16),)
    assert model.reconstruct(signals).shape == (6, 2, 64)
    assert np.array_equal(model.score(signals), model.score(signals[:, :, np.newaxis]))


def test_the_presets_are_two_convolutions_mirrored():
    model = aepred.Model(image=(1, 28, 28))
    assert model.image == (1, 28, 28) and model.n_columns == 784 and model.code_size == 32
    assert model.image_layers == {
        "encoder": (conv(16, 3, 2, padding=1), conv(32, 3, 2, padding=1)),
        "decoder": (conv_transposed(16, 3, 2, padding=1), conv_transposed(1, 3, 2, padding=1)),
    }
    assert model.image_maps == {"encoder": ((16, 14, 14), (32, 7, 7)), "decoder": ((16, 14, 14), (1, 28, 28))}
    assert repr(model).startswith("Model(image=(1, 28, 28), encoder=(32,)")


def test_rows_that_are_no_images_have_no_image_layers():
    model = aepred.Model(4)
    assert model.image is None
    assert model.image_layers == model.image_maps == {"encoder": (), "decoder": ()}


def test_every_kind_of_layer_has_a_helper():
    layers = [conv(1, 2), conv_transposed(1, 2), upsample(2), max_pool(2), average_pool(2), norm()]
    assert [layer.kind for layer in layers] == list(LayerKind)
    encoder = [conv(8, 3), norm(2), max_pool(2), conv(4, 3), average_pool(3, 2)]
    decoder = [upsample(2), conv(8, 3), norm(), conv_transposed(3, 3, 2)]
    model = aepred.Model(image=(3, 12, 12), image_encoder=encoder, image_decoder=decoder)
    encoder = (conv(8, 3, 1, 1), norm(2), max_pool(2), conv(4, 3, 1, 1), average_pool(3, 2))
    decoder = (upsample(2), conv(8, 3, 1, 1), norm(), conv_transposed(3, 3, 2, 1))
    assert model.image_layers == {"encoder": encoder, "decoder": decoder}
    assert model.image_maps["encoder"] == ((8, 12, 12), (8, 12, 12), (8, 6, 6), (4, 6, 6), (4, 3, 3))
    assert model.image_maps["decoder"] == ((4, 6, 6), (8, 6, 6), (8, 6, 6), (3, 12, 12))
    copy = aepred.Model.from_bytes(model.to_bytes())
    assert (copy.image, copy.image_layers) == (model.image, model.image_layers)


def test_images_and_layers_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match=re.escape("image is (28, 28), but must be (channels, height, width)")):
        aepred.Model(image=(28, 28))
    with pytest.raises(TypeError, match="n_columns is missing"):
        aepred.Model()
    with pytest.raises(aepred.ColumnsError, match="784 values, the rows have 100 columns"):
        aepred.Model(100, image=(1, 28, 28))
    with pytest.raises(aepred.RangeError, match="image: -1 is negative"):
        aepred.Model(image=(-1, 28, 28))
    with pytest.raises(aepred.RangeError, match="conv of the encoder: -1 is negative"):
        aepred.Model(image=(1, 28, 28), image_encoder=[conv(8, 3, 2, padding=-1)])
    with pytest.raises(aepred.RangeError, match="image layer 1 of the encoder: a stride of 0"):
        aepred.Model(image=(1, 28, 28), image_encoder=[ImageLayer(LayerKind.CONV, 8, 3)])
    with pytest.raises(aepred.OptionError, match="image layer 1 of the encoder"):
        aepred.Model(image=(1, 28, 28), image_encoder=[upsample(2)])
    with pytest.raises(aepred.RangeError):
        aepred.Model(image=(1, 28, 28), image_decoder=[conv_transposed(1, 3, 2)])
    with pytest.raises(aepred.StateError, match="no image"):
        aepred.Model(784, image_encoder=[conv(8, 3, 2)])
    with pytest.raises(aepred.RangeError, match="block is for images only"):
        aepred.Model(784, noise="block")


def test_layers_are_made_by_the_functions_for_them():
    with pytest.raises(TypeError, match=r"\(16, 3, 2\) is no image layer; aepred.conv"):
        aepred.Model(image=(1, 8, 8), image_encoder=[(16, 3, 2)])
    alone = aepred.Model(image=(1, 8, 8), image_encoder=aepred.conv(4, 3, 2))
    assert [layer.size for layer in alone.image_layers["encoder"]] == [4]
