"""``python -m amsdipole``."""

from amsdipole.cli import main

main()
