"""The probe's program, as its ConfigMap carries it."""

from pathlib import Path

_FOLDER = Path(__file__).with_name("probe")


def files() -> dict[str, str]:
    """File name -> text; ``python -m probe`` runs them from the folder in which ``probe`` holds them."""
    return {path.name: path.read_text() for path in sorted(_FOLDER.glob("*.py"))}
