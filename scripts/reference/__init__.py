"""The independent side of scripts/check_reference.py."""
