"""Agents: the endpoints as tools of an MCP server, spoken to by the protocol's own client."""

import asyncio
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from model.studio import Studio

mcp = pytest.importorskip("mcp", reason="pip install 'gradio[mcp]'")
from mcp.client.streamable_http import streamablehttp_client  # noqa: E402

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def address(app: ModuleType, studio: Studio) -> Iterator[str]:
    blocks = app.build(studio, app.page.Origin("folder", "tiny"))
    _, address, _ = blocks.launch(
        prevent_thread_lock=True, quiet=True, mcp_server=True, **app.LAUNCH
    )
    yield f"{address}gradio_api/mcp/"
    blocks.close()


def talk(address: str, *calls: tuple[str, dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The tools of the server, and what it answers to calls in one session."""

    async def session() -> tuple[list[Any], list[Any]]:
        async with (
            streamablehttp_client(address) as (read, write, _),
            mcp.ClientSession(read, write) as client,
        ):
            await client.initialize()
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(*call) for call in calls]

    return asyncio.run(session())


def test_tools_have_names_descriptions_and_typed_parameters(address: str) -> None:
    tools, _ = talk(address)
    by_name = {tool.name: tool for tool in tools}
    assert {"generate", "blend", "edit", "recipe", "mix", "render", "describe"} <= set(by_name)
    for tool in tools:
        assert tool.description
        for name, schema in tool.inputSchema["properties"].items():
            assert schema.get("description"), f"{tool.name}: {name}"
    assert "0..4294967295" in by_name["generate"].inputSchema["properties"]["seed"]["description"]


def test_an_agent_makes_a_garment_and_asks_what_it_is(address: str, studio: Studio) -> None:
    dress = studio.garment("dress", 7, 0.5).text
    _, (made, recipe, refused) = talk(
        address,
        ("generate", {"label": "vestido", "seed": 7, "daring": 0.5}),
        ("recipe", {"label": "dress", "seed": 7, "daring": 0.5}),
        ("generate", {"label": "hat"}),
    )
    place = next(part.text for part in made.content if part.type == "text").split(": ", 1)[1]
    image = Image.open(io.BytesIO(httpx.get(place).content))
    assert (np.asarray(image)[::16, ::16] == studio.generate("dress", 7, 0.5)[..., 0]).all()
    assert recipe.content[0].text == dress
    assert refused.isError
    assert "label must be one of" in refused.content[0].text


def test_without_the_package_the_flag_says_what_to_install(tmp_path: Path) -> None:
    hide = (
        "import sys, importlib.util as u; find = u.find_spec;"
        "u.find_spec = lambda name, *more: None if name == 'mcp' else find(name, *more);"
        "import runpy; sys.argv = ['app.py', '--mcp']; runpy.run_path('app.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", hide], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'gradio[mcp]'" in done.stderr
    assert "Traceback" not in done.stderr
