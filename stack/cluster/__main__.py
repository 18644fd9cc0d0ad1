"""``python -m stack.cluster``: write the generated files of deploy/kubernetes."""

from stack import paths
from stack.cluster.generated import files


def main() -> None:
    """Write every file."""
    for name, text in files().items():
        path = paths.ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
