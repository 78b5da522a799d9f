"""``python -m polcoop``: the same program as the ``polcoop`` command."""

from polcoop.cli import main

if __name__ == "__main__":
    main()
