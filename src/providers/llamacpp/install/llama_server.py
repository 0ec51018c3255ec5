"""llama-server on top of the PyPI wheel of llama.cpp: the wheel carries the server as a library, this gives it a command line.

Takes llama-server's flags, and from the environment only LLAMA_API_KEY. Ends at once on SIGTERM and SIGINT, in every phase: the wheel holds
Python's lock while it loads, so only the kernel's default action is sure to work, and no request in flight can delay it.
"""

import glob
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# The stable-ABI wheel outlives an upgrade of the system's Python, whose version is part of this folder's name.
sys.path[:0] = [HERE, *glob.glob(os.path.join(HERE, "venv", "lib", "python3*", "site-packages"))]

from llama_flags import SWITCHES, VALUES, UsageError, parse  # noqa: E402 (it is in the folder that was just added)

API_KEY = os.environ.get("LLAMA_API_KEY", "")

# With these the library would change the port, or take the process for the child of a router.
for name in list(os.environ):
    if name.startswith(("LLAMA_", "AIP_")):
        del os.environ[name]


def apply(params, settings):
    """Raises UsageError for a parameter that this version of the wheel does not have."""
    for target, value in settings.items():
        owner = params
        *path, name = target.split(".")
        for part in path:
            owner = getattr(owner, part)
        if not hasattr(owner, name):
            raise UsageError(f"this version of the wheel has no setting {target}")
        if name == "pooling_type" or name == "flash_attn_type" or name == "load_mode":
            value = type(getattr(owner, name))(value)
        try:
            setattr(owner, name, value)
        except (TypeError, ValueError, OverflowError) as error:
            raise UsageError(f"{target} cannot be {value!r}: {error}")


def serve(settings):
    import xllamacpp

    params = xllamacpp.CommonParams()
    # llama-server's own defaults where the bare parameters differ, except that no web page may talk to a backend.
    apply(params, {"port": 8080, "n_parallel": -1, "reuse_port": False})
    if hasattr(params, "cors_origins"):
        params.cors_origins = ""
    apply(params, settings)
    if API_KEY:
        apply(params, {"api_keys": [API_KEY]})
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        print(f"llama-server: {error} The lines above say why.", file=sys.stderr, flush=True)
        # The library prints from its own thread, and its last lines have the reason; nothing else is worth waiting for.
        time.sleep(0.2)
        os._exit(1)
    print(f"llama-server: listening on {server.listening_address}", file=sys.stderr, flush=True)
    while True:
        signal.pause()


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    arguments = sys.argv[1:]
    if "--version" in arguments:
        import xllamacpp

        print(f"version: xllamacpp {xllamacpp.__version__} ({xllamacpp.BUILD_INFO['build_target']})")
    elif any(flag in arguments for flag in ("-h", "--help", "--usage")):
        print("llama-server, from the PyPI wheel xllamacpp. Flags, with the meaning they have in llama.cpp:\n")
        for flags in [f"{flags.replace(' ', ', ')} VALUE" for flags in VALUES] + [f.replace(" ", ", ") for f in SWITCHES]:
            print(f"  {flags}")
    else:
        serve(parse(arguments))


try:
    main()
except UsageError as problem:
    print(f"llama-server: {problem}", file=sys.stderr, flush=True)
    sys.exit(2)
