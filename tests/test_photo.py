"""Photos of every kind: what is read from them, and what is refused by name."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from model.photo import read_photo
from model.photo_corrections import Corrections
from model.photo_open import LONGEST_SIDE, PhotoError, open_photo
from tests.benchmarks.photo_pictures import GROUNDS, expected, photograph
from training.data import load_fashion_mnist


def drawn(size: int = 200, ground: str = "white", cloth: str = "#304060") -> Image.Image:
    """A T-shirt as a child draws it, higher than wide."""
    image = Image.new("RGB", (size, size), ground)
    outline = [(60, 30), (140, 30), (185, 70), (165, 95), (145, 80), (145, 180), (55, 180), (55, 80), (35, 95), (15, 70)]  # fmt: skip
    ImageDraw.Draw(image).polygon([(x * size / 200, y * size / 200) for x, y in outline], cloth)
    return image


def packed(image: Image.Image, kind: str = "PNG", **more: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def silhouette(pixels: np.ndarray) -> np.ndarray:
    return pixels > 40


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


PLAIN = read_photo(packed(drawn())).pixels


def test_a_drawing_on_white_fills_the_square_in_the_negative() -> None:
    reading = read_photo(packed(drawn()))
    assert reading.pixels.shape == (28, 28)
    assert reading.pixels.dtype == np.uint8
    assert reading.inverted
    assert reading.background == "taken"
    assert reading.tilt == 0
    assert reading.sure > 0.8
    assert reading.dye == "indigo"
    columns = np.flatnonzero(silhouette(reading.pixels).any(axis=0))
    assert columns[0] <= 1  # the longest side touches the frame
    assert columns[-1] >= 26
    assert reading.pixels[14, 14] > 150
    assert reading.pixels[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0
    assert reading.before(1).shape == (28, 28, 1)
    assert reading.before(3).shape == reading.in_channels(3).shape == (28, 28, 3)


def cmyk() -> bytes:
    return packed(drawn().convert("CMYK"), "JPEG", quality=95)


def deep_grey() -> bytes:
    grey = np.asarray(drawn().convert("L")).astype(np.uint16) * 257
    return packed(Image.fromarray(grey))


def deep_colour() -> bytes:
    """A PNG of 16 bits a channel, which Pillow cannot write."""
    rgb = np.asarray(drawn()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in rgb)

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 200, 200, 16, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def floating() -> bytes:
    levels = np.asarray(drawn().convert("L")).astype(np.float32) / 255
    return packed(Image.fromarray(levels), "TIFF")


def palette() -> bytes:
    return packed(drawn().convert("P", palette=Image.Palette.ADAPTIVE))


def rotated_by_camera() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return packed(drawn().rotate(90, expand=True), "JPEG", quality=95, exif=exif.tobytes())


def huge() -> bytes:
    return packed(drawn().resize((4000, 4000)), "JPEG", quality=80)


def animated() -> bytes:
    other = Image.new("RGB", (200, 200), "red")
    return packed(drawn(), "GIF", save_all=True, append_images=[other, drawn(cloth="green")])


def webp() -> bytes:
    return packed(drawn(), "WEBP", quality=95)


@pytest.mark.parametrize(
    "make",
    [cmyk, deep_grey, deep_colour, floating, palette, rotated_by_camera, huge, animated, webp],
)
def test_every_kind_of_file_gives_the_same_garment(make: Callable[[], bytes]) -> None:
    opened = open_photo(make())
    assert max(opened.pixels.shape) <= LONGEST_SIDE
    assert opened.animated == (make is animated)
    assert opened.turned == (make is rotated_by_camera)
    reading = read_photo(make())
    assert iou(silhouette(reading.pixels), silhouette(PLAIN)) > 0.93


def test_what_is_transparent_is_ground() -> None:
    image = drawn(ground="#304060").convert("RGBA")  # cannot be told apart but by its alpha
    image.putalpha(drawn().convert("L").point(lambda level: 0 if level > 200 else 255))
    reading = read_photo(packed(image))
    assert reading.background == "transparent"
    assert reading.sure == 1
    assert iou(silhouette(reading.pixels), silhouette(PLAIN)) > 0.9


def test_a_picture_of_the_training_goes_in_unchanged() -> None:
    garment = load_fashion_mnist("test").pixels[3].numpy()
    reading = read_photo(packed(Image.fromarray(garment[..., 0])))
    assert (reading.in_channels(1) == garment).all()
    assert not reading.inverted


def noise() -> bytes:
    return bytes(np.random.default_rng(1).integers(0, 256, 4000, dtype=np.uint8))


def cut_off() -> bytes:
    return packed(drawn(), "JPEG")[:1500]


def bomb() -> bytes:
    """A PNG of a gigapixel in a hundred bytes."""
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    chunks = []
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 4000))):
        checked = kind + content
        chunks += [struct.pack(">I", len(content)), checked]
        chunks += [struct.pack(">I", zlib.crc32(checked))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def large_png() -> bytes:
    return packed(Image.new("L", (6000, 5000)))


def clear() -> bytes:
    return packed(Image.new("RGBA", (64, 64), (200, 10, 10, 0)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(noise(), "format", id="noise"),
        pytest.param(b"just some text, no picture", "format", id="text"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 16 * 2**20, "bytes", id="bytes"),
        pytest.param(b"\0\0\0\x20ftypheic\0\0\0\0mif1heic" + b"\0" * 40, "heic", id="heic"),
        pytest.param(b"\0\0\0\x20ftypisom\0\0\0\0isomiso2" + b"\0" * 40, "video", id="film"),
        pytest.param(b"\x1a\x45\xdf\xa3" + b"\0" * 40, "video", id="webm"),
        pytest.param(b'<?xml version="1.0"?><svg xmlns="..."/>', "svg", id="svg"),
        pytest.param(b"\xef\xbb\xbf <svg width='9'></svg>", "svg", id="svg-bom"),
        pytest.param(b"%PDF-1.7 ...", "pdf", id="pdf"),
        pytest.param(cut_off(), "broken", id="truncated"),
        pytest.param(bomb(), "pixels", id="bomb"),
        pytest.param(large_png(), "pixels", id="pixels"),
        pytest.param(packed(drawn(12)), "tiny", id="tiny"),
        pytest.param(packed(Image.new("RGB", (2000, 30), "red")), "long", id="long"),
        pytest.param(packed(Image.new("RGB", (80, 80), "red")), "flat", id="one-colour"),
        pytest.param(clear(), "transparent", id="transparent"),
    ],
)
def test_what_cannot_be_read_is_told_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(PhotoError, match=r"^photo ") as told:
        read_photo(data)
    assert told.value.reason == reason


def test_only_bytes_are_a_photo() -> None:
    with pytest.raises(PhotoError, match="must be the bytes of a picture"):
        read_photo("picture.png")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([], "corrections"),
        ({"colour": 1}, "corrections"),
        ({"crop": [0, 0, 1]}, "crop"),
        ({"crop": [0, 0, 1.5, 1]}, "crop right"),
        ({"crop": [0.5, 0, 0.51, 1]}, "crop"),
        ({"turns": 4}, "turns"),
        ({"turns": True}, "turns"),
        ({"tilt": 46}, "tilt"),
        ({"tilt": float("nan")}, "tilt"),
        ({"flip": 3}, "flip"),
        ({"invert": "maybe"}, "invert"),
        ({"background": -0.1}, "background"),
        ({"background": "much"}, "background"),
    ],
)
def test_corrections_are_refused_by_field(given: object, field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} must be"):
        Corrections.read(given)


def test_a_tilted_garment_is_straightened_and_the_visitor_may_say_otherwise() -> None:
    photo = packed(drawn().rotate(14, fillcolor="white", resample=Image.Resampling.BICUBIC))
    reading = read_photo(photo)
    assert 11 < reading.tilt < 17
    assert iou(silhouette(reading.pixels), silhouette(PLAIN)) > 0.85
    left = read_photo(photo, Corrections(tilt=0.0))
    assert left.tilt == 0
    assert iou(silhouette(left.pixels), silhouette(PLAIN)) < 0.8
    # What was found, said by hand, is the same garment.
    again = read_photo(photo, Corrections(tilt=reading.tilt))
    assert iou(silhouette(again.pixels), silhouette(reading.pixels)) > 0.9


def test_turns_flip_invert_and_background_are_heeded() -> None:
    lying = packed(drawn().rotate(90))
    turned = read_photo(lying, Corrections(turns=1))
    assert iou(silhouette(turned.pixels), silhouette(PLAIN)) > 0.95
    shoe = photograph(load_fashion_mnist("test").pixels[0].numpy()[..., 0], "studio", 3)
    seen, flipped = (
        read_photo(shoe.to_jpeg(), Corrections(flip=flip, tilt=0.0)).pixels
        for flip in (False, True)
    )
    assert iou(silhouette(seen), silhouette(flipped[:, ::-1])) > 0.95
    positive = read_photo(packed(drawn()), Corrections(invert="off"))
    assert not positive.inverted
    assert positive.pixels[14, 14] < PLAIN[14, 14]
    whole = read_photo(packed(drawn(ground="#c8c8c8")), Corrections(background=0.0))
    assert whole.background == "left"
    assert whole.box == (0, 0, 1, 1)
    assert whole.pixels[0, 0] > 0


def test_a_crop_chooses_between_two_garments() -> None:
    image = Image.new("RGB", (400, 200), "white")
    image.paste(drawn(), (0, 0))
    image.paste(drawn(cloth="#a02010"), (200, 0))
    reading = read_photo(packed(image), Corrections(crop=(0.5, 0.0, 1.0, 1.0)))
    assert reading.dye == "madder"
    assert reading.box[0] > 0.48
    assert iou(silhouette(reading.pixels), silhouette(PLAIN)) > 0.9


def test_a_pale_garment_on_dark_stays_light() -> None:
    reading = read_photo(packed(drawn(ground="#181818", cloth="#f4f2ee")))
    assert not reading.inverted
    assert reading.pixels[14, 14] > 180


def test_the_same_photo_is_the_same_garment() -> None:
    photo = photograph(load_fashion_mnist("test").pixels[1].numpy()[..., 0], "wood", 5).to_jpeg()
    one, other = read_photo(photo), read_photo(photo)
    assert (one.pixels == other.pixels).all()
    assert (one.box, one.tilt, one.sure) == (other.box, other.tilt, other.sure)


@pytest.mark.parametrize("ground", ["studio", "gradient", "wood", "cloth", "check"])
def test_photograph_like_pictures_are_cut_out(ground: str) -> None:
    test = load_fashion_mnist("test")
    found = []
    for place in range(4):
        garment = test.pixels[place * 3 + 1].numpy()[..., 0]
        reading = read_photo(photograph(garment, ground, place).to_jpeg())
        found.append(iou(silhouette(reading.pixels), silhouette(expected(garment))))
    assert np.median(found) > 0.8, found


def test_the_pictures_of_the_benchmark_are_what_they_say() -> None:
    garment = load_fashion_mnist("test").pixels[1].numpy()[..., 0]
    for ground in GROUNDS:
        picture = photograph(garment, ground, 7)
        assert picture.pixels.shape == (*picture.silhouette.shape, 3)
        assert 0.05 < picture.silhouette.mean() < 0.9
