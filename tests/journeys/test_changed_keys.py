"""An agency that changed its keys reads what was sealed to the old ones, with one configuration."""

from __future__ import annotations

import json

import pytest

from gateway.client import config
from gateway.client.gateway import Gateway
from gateway.demo.registrars import Registrars
from gateway.errors import Undecipherable
from tests.journeys.world import BASE, World, example

LANDLORD, IDVA = "harbourgate-homes", "marlbury-idva"


def client(world: World, settings: config.Config) -> Gateway:
    keys = config.load_keys(settings.keys, settings.older_keys)
    return Gateway(world.send, base_url=BASE, agency_id=IDVA, keys=keys, clock=lambda: world.now)


def test_F38_after_new_keys_old_and_new_sections_open_by_the_id_in_their_header(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    before = world.client(LANDLORD).refer(example("c1")).reference
    opened = world.client(IDVA).pull(before, "P2").reveal()
    config.new_keys(world.folder / "new", IDVA)
    public = json.loads((world.folder / "new" / config.PUBLIC).read_text("utf-8"))
    Registrars(world.sessions, world.keys).rekey(
        now=world.now, agency_id=IDVA, jwks=public, overlap=0
    )
    world.later(seconds=1)
    after = world.client(LANDLORD).refer(example("c1")).reference
    file = world.folder / "idva.toml"
    lines = f'base_url = "{BASE}"\nagency = "{IDVA}"\nkeys = "new"\n'
    file.write_text(lines)
    with pytest.raises(Undecipherable):
        client(world, config.load(file)).pull(before, "P2")
    file.write_text(f'{lines}older_keys = ["{IDVA}"]\n')
    both = client(world, config.load(file))
    assert both.pull(before, "P2").reveal() == opened
    assert both.pull(after, "P2").sealed.keys() == opened.keys()
    old = config.load_keys(world.folder / IDVA)
    assert {old.signing_kid, old.encryption_kid} < both.own_kids
    assert len(both.own_kids) == 4


def test_every_earlier_folder_is_whole_and_closed(sqlite_world: World) -> None:
    folder = sqlite_world.folder
    config.new_keys(folder / "new", IDVA)
    (folder / IDVA / config.ENCRYPTION).chmod(0o640)
    for older in (folder / IDVA, folder / "nowhere"):
        with pytest.raises(config.UnsafeSettings):
            config.load_keys(folder / "new", [older])
    (folder / IDVA / config.ENCRYPTION).chmod(0o600)
    (folder / IDVA / config.ENCRYPTION).write_text("[]")
    with pytest.raises(config.UnsafeSettings):
        config.load_keys(folder / "new", [folder / IDVA])
