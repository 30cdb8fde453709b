"""Named endpoints: everything that the page makes, for scripts and agents."""

from collections.abc import Callable

from ui.desk import Desk
from ui.endpoint_completion import Completion
from ui.endpoint_files import Lease, publish
from ui.endpoint_garments import Garments
from ui.endpoint_keepsakes import Keepsakes
from ui.endpoint_photo import Photos
from ui.endpoint_recipes import Recipes
from ui.endpoint_sheets import Sheets


def offer(desk: Desk, on_gpu: Lease) -> None:
    """Register the endpoints with the open `gr.Blocks`; `on_gpu` leases a GPU for a long call.

    What is made of recipes is made with their model, if it is in memory; the rest with the page's.
    """
    garments, recipes = Garments(desk), Recipes(desk)
    sheets, keepsakes = Sheets(desk, on_gpu), Keepsakes(desk)
    quick: list[Callable[..., object]] = [
        garments.generate, garments.blend, garments.edit, garments.class_mix, garments.render,
        sheets.children, sheets.line, recipes.recipe, recipes.mix, recipes.describe,
    ]  # fmt: skip
    slow: list[Callable[..., object]] = [
        sheets.sheet, sheets.pad, keepsakes.film, keepsakes.lookbook, keepsakes.archive,
        Completion(desk).complete, Photos(desk).photo,
    ]  # fmt: skip
    for endpoint in quick:
        publish(desk, endpoint)
    for endpoint in slow:
        publish(desk, endpoint, turns=1)
