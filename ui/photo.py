"""Your photo: erase and complete."""

import gradio as gr

from ui.desk import Desk
from ui.fill import Fill
from ui.jobs import Jobs
from ui.parts import screen


def build(desk: Desk) -> gr.HTML:
    fill = Fill(desk, Jobs())
    calls = [fill.complete, fill.complete_step, fill.complete_stop, fill.completed_picture]
    return screen("photo", calls, {})
