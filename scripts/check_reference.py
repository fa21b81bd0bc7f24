#!/usr/bin/env python3
"""Checks `disco solve` on random problems against their definition, the whole linear program and brute force.

Shares no code with disco: scripts/reference evaluates every pair of a server and a device time by itself, builds the
linear program over all buckets and all candidate actions of both families (server first, device first) and solves it
with HiGHS.

The mean under one prefill limit, to 1e-9: the objective against the program's optimum, the bound and the shadow price
against the program's dual, the partition's loss against the program of exact buckets, the emitted policy's outcomes and
every baseline's, on all rows and on held-out ones, and the limit. Tiny problems also against all deterministic plans and
all mixtures of two.

Any objective under up to four limits on any metrics: the same, to 1e-6 of the scale where it matters who answers (disco
searches those waits that closely) and 3e-9 elsewhere; quantiles by showing that none smaller can be had; refusals by the
conflict they name; roundings against all deterministic plans of tiny problems. Exits with 1 on any failure, naming the
seed; its files are kept.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

from reference.check_limits import LimitsCheck, QualityCheck
from reference.check_share import ShareCheck


def checked(kind, disco: str, seed: int, kept: pathlib.Path):
    folder = kept / f"{kind.__name__}-{seed}"
    folder.mkdir()
    check = kind(disco, seed, folder)
    try:
        check.run()
    except (RuntimeError, subprocess.TimeoutExpired, ArithmeticError, LookupError, TypeError, ValueError) as error:
        check.faults.append("".join(traceback.format_exception(error)[-2:]).strip())
    if not check.faults:
        shutil.rmtree(folder)
    check.family = check.problem.family
    del check.problem  # worlds hold functions, which other processes cannot be given
    return check


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disco", required=True, help="the built program")
    parser.add_argument("--seeds", type=int, default=40, help="how many problems of one limit, and of quality (default: 40); twice as many of any limits")
    parser.add_argument("--first", type=int, default=0, help="the first seed (default: 0)")
    parser.add_argument("--only", choices=["share", "limits", "quality"], help="one of the three kinds")
    options = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    kept = pathlib.Path(tempfile.mkdtemp(prefix="disco-reference-"))
    families = collections.defaultdict(list)
    jobs = []
    if options.only in (None, "share"):
        jobs += [(ShareCheck, seed) for seed in range(options.first, options.first + options.seeds)]
    if options.only in (None, "limits"):
        jobs += [(LimitsCheck, seed) for seed in range(options.first, options.first + 2 * options.seeds)]
    if options.only in (None, "quality"):
        jobs += [(QualityCheck, seed) for seed in range(options.first, options.first + options.seeds)]
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count()) as pool:
        running = [(kind, seed, pool.submit(checked, kind, options.disco, seed, kept)) for kind, seed in jobs]
        for kind, seed, future in running:
            check = future.result()
            families[check.family].append(check)
            if check.faults:
                shown = check.faults[:8] + [f"... and {len(check.faults) - 8} more"] * (len(check.faults) > 8)
                title = f"{kind.__name__} seed {seed} failed ({check.family}); files in {check.folder}"
                print("\n  ".join([title, *shown]), file=sys.stderr, flush=True)
    for family, checks in sorted(families.items()):
        failed = sum(bool(c.faults) for c in checks)
        extras = [f"{sum(c.was_brute_forced for c in checks)} also by brute force"]
        if refused := sum(getattr(c, "was_infeasible", False) for c in checks):
            extras.append(f"{refused} refused")
        roundings = [c.rounding_excess for c in checks if getattr(c, "rounding_excess", None) is not None]
        if roundings:
            best = sum(r <= 1e-6 for r in roundings)
            extras.append(f"{best} of {len(roundings)} roundings optimal, the worst {max(roundings):.1e} of the scale off")
        print(
            f"{family}: {len(checks) - failed} passed, {failed} failed; {', '.join(extras)}; "
            f"largest deviation {max(c.worst for c in checks):.1e}")
    failed = sum(bool(c.faults) for checks in families.values() for c in checks)
    print(f"{len(jobs) - failed} passed, {failed} failed")
    if not failed:
        shutil.rmtree(kept)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
