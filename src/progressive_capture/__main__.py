"""`python -m progressive_capture` is the program `pc`."""

from progressive_capture.operator.cli import main

if __name__ == "__main__":
    main()
