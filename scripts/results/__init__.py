"""The parts of scripts/results.py."""
