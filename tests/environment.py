"""Loaded before Django's settings: tests keep their state in a folder of their own."""

import atexit
import os
import shutil
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as portal/env.py has it
folder = tempfile.mkdtemp(prefix="reclaim-tests-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ["RECLAIM_VAR"] = folder
# As on a memory disk: no part of the state that a thief of the disk takes.
memory = tempfile.mkdtemp(prefix="reclaim-tests-memory-")
atexit.register(shutil.rmtree, memory, ignore_errors=True)
os.environ["LASTING_KEYS_URL"] = f"file://{memory}"
# Pages take their styles from the source: what `make run` collected may be older.
os.environ["STATIC_ROOT"] = f"{folder}/static"
# Each of the many processes that tests start would read 0.6 GB first, for an opinion that
# no test but the model's own asks for.
os.environ["DETECTOR_MODEL"] = "none"
os.environ.pop("DATABASE_URL", None)
