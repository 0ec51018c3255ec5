"""unpack_wheel.py WHEEL FOLDER: unpacks a wheel, or nothing at all when a member of it would land outside of FOLDER."""

import stat
import sys
import zipfile

LARGEST = 8 * 1024**3

with zipfile.ZipFile(sys.argv[1]) as wheel:
    total = 0
    for member in wheel.infolist():
        parts = member.filename.replace("\\", "/").split("/")
        if member.filename.startswith("/") or ".." in parts or ":" in parts[0]:
            sys.exit(f"{member.filename!r} would be unpacked outside of its folder")
        if stat.S_ISLNK(member.external_attr >> 16):
            sys.exit(f"{member.filename!r} is a link")
        total += member.file_size
    if total > LARGEST:
        sys.exit(f"it unpacks to {total} bytes")
    wheel.extractall(sys.argv[2])
