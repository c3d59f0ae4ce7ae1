import re
from pathlib import Path

from portal.static_files import NamedByContent

STATIC = Path(__file__).resolve().parents[2] / "portal" / "static"


def test_scripts_find_each_other_by_their_hashed_names(tmp_path: Path) -> None:
    storage = NamedByContent(location=tmp_path, base_url="/static/")
    paths = {}
    for source in STATIC.glob("js/**/*.js"):
        name = source.relative_to(STATIC).as_posix()
        with source.open("rb") as file:
            storage.save(name, file)
        paths[name] = (storage, name)
    for _, _, processed in storage.post_process(paths):
        assert not isinstance(processed, Exception), processed
    made = [path for path in tmp_path.rglob("*.js") if path.name.count(".") == 2]
    named = {
        (path.parent / name).resolve()
        for path in made
        for name in re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8"))
    }
    assert len(made) == len(paths)
    assert len(named) >= 10
    assert named <= {path.resolve() for path in made}
