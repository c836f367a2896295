"""``python -m orderbridge.cli``."""

from . import main

main()
