"""The flags of llama-server that the launcher takes, and what they set in the wheel's CommonParams."""

import json
import os


class UsageError(Exception):
    pass


def on_off(text):
    if text in ("on", "enabled", "true", "1"):
        return True
    if text in ("off", "disabled", "false", "0"):
        return False
    raise ValueError(text)


def on_off_auto(text):
    return -1 if text in ("auto", "-1") else int(on_off(text))


def gpu_layers(text):
    return {"auto": -1, "all": -2}[text] if text in ("auto", "all") else int(text)


def threads(text):
    return int(text) if int(text) > 0 else os.cpu_count()


def file_text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def template_kwargs(text):
    return {key: json.dumps(value) for key, value in json.loads(text).items()}


def names(text):
    return {name.strip() for name in text.split(",") if name.strip()}


def shares(text):
    given = [float(part) for part in text.replace("/", ",").split(",")]
    return (given + [0.0] * 128)[:128]


def member(enum, prefix, **aliases):
    """A value of one of the wheel's enumerations, by the word that llama-server uses for it."""

    def parse(text):
        import xllamacpp

        word = aliases.get(text, text).upper()
        return getattr(getattr(xllamacpp, enum), prefix + word)

    return parse


cache_type = member("ggml_type", "GGML_TYPE_")
load_mode = member("llama_load_mode", "LLAMA_LOAD_MODE_", **{"dio": "direct_io", "mmap+mlock": "mmap_mlock"})
RANK = 4  # LLAMA_POOLING_TYPE_RANK

# Flags with a value: how to read it, and the parameters that get it.
VALUES = {
    "-m --model": (str, "model.path"),
    "-a --alias": (names, "model_alias"),
    "--tags": (names, "model_tags"),
    "--host": (lambda text: [text], "hostnames"),
    "--port": (int, "port"),
    "-c --ctx-size": (int, "n_ctx"),
    "-n --predict --n-predict": (int, "n_predict"),
    "-b --batch-size": (int, "n_batch"),
    "-ub --ubatch-size": (int, "n_ubatch"),
    "--keep": (int, "n_keep"),
    "-np --parallel": (int, "n_parallel"),
    "-t --threads": (threads, "cpuparams.n_threads"),
    "-tb --threads-batch": (threads, "cpuparams_batch.n_threads"),
    "--threads-http": (int, "n_threads_http"),
    "-ngl --gpu-layers --n-gpu-layers": (gpu_layers, "n_gpu_layers"),
    "-sm --split-mode": (member("llama_split_mode", "LLAMA_SPLIT_MODE_"), "split_mode"),
    "-ts --tensor-split": (shares, "tensor_split"),
    "-mg --main-gpu": (int, "main_gpu"),
    "-ot --override-tensor": (str, "tensor_buft_overrides"),
    "-fit --fit": (on_off, "fit_params"),
    "-fitc --fit-ctx": (int, "fit_params_min_ctx"),
    "-mm --mmproj": (str, "mmproj.path"),
    "--image-min-tokens": (int, "image_min_tokens"),
    "--image-max-tokens": (int, "image_max_tokens"),
    "-ctk --cache-type-k": (cache_type, "cache_type_k"),
    "-ctv --cache-type-v": (cache_type, "cache_type_v"),
    "-fa --flash-attn": (on_off_auto, "flash_attn_type"),
    "-lm --load-mode": (load_mode, "load_mode"),
    "--numa": (member("ggml_numa_strategy", "GGML_NUMA_STRATEGY_"), "numa"),
    "--pooling": (member("llama_pooling_type", "LLAMA_POOLING_TYPE_"), "pooling_type"),
    "--embd-normalize": (int, "embd_normalize"),
    "-cram --cache-ram": (int, "cache_ram_mib"),
    "--cache-reuse": (int, "n_cache_reuse"),
    "-ctxcp --ctx-checkpoints --swa-checkpoints": (int, "n_ctx_checkpoints"),
    "-sps --slot-prompt-similarity": (float, "slot_prompt_similarity"),
    "--slot-save-path": (str, "slot_save_path"),
    "-to --timeout": (int, "timeout_read timeout_write"),
    "--sse-ping-interval": (int, "sse_ping_interval"),
    "--chat-template": (str, "chat_template"),
    "--chat-template-file": (file_text, "chat_template"),
    "--chat-template-kwargs": (template_kwargs, "default_template_kwargs"),
    "--reasoning-format": (
        member("common_reasoning_format", "COMMON_REASONING_FORMAT_", **{"deepseek-legacy": "deepseek_legacy"}),
        "reasoning_format",
    ),
    "-rea --reasoning": (on_off_auto, "enable_reasoning"),
    "--rope-scaling": (member("llama_rope_scaling_type", "LLAMA_ROPE_SCALING_TYPE_"), "rope_scaling_type"),
    "--rope-scale": (lambda text: 1.0 / float(text), "rope_freq_scale"),
    "--rope-freq-base": (float, "rope_freq_base"),
    "--rope-freq-scale": (float, "rope_freq_scale"),
    "--yarn-orig-ctx": (int, "yarn_orig_ctx"),
    "--yarn-ext-factor": (float, "yarn_ext_factor"),
    "--yarn-attn-factor": (float, "yarn_attn_factor"),
    "--yarn-beta-slow": (float, "yarn_beta_slow"),
    "--yarn-beta-fast": (float, "yarn_beta_fast"),
    "-s --seed": (lambda text: int(text) & 0xFFFFFFFF, "sampling.seed"),
    "--temp --temperature": (float, "sampling.temp"),
    "--top-k": (int, "sampling.top_k"),
    "--top-p": (float, "sampling.top_p"),
    "--min-p": (float, "sampling.min_p"),
    "--typical --typical-p": (float, "sampling.typ_p"),
    "--repeat-last-n": (int, "sampling.penalty_last_n"),
    "--repeat-penalty": (float, "sampling.penalty_repeat"),
    "--presence-penalty": (float, "sampling.penalty_present"),
    "--frequency-penalty": (float, "sampling.penalty_freq"),
    "-lv --verbosity --log-verbosity": (int, "verbosity"),
}

# Flags without a value: what they set.
SWITCHES = {
    "--embedding --embeddings": {"embedding": True},
    "--rerank --reranking": {"embedding": True, "pooling_type": RANK},
    "--ui --webui": {"ui": True},
    "--no-ui --no-webui": {"ui": False},
    "--metrics": {"endpoint_metrics": True},
    "--props": {"endpoint_props": True},
    "--slots": {"endpoint_slots": True},
    "--no-slots": {"endpoint_slots": False},
    "--offline": {"offline": True},
    "--jinja": {"use_jinja": True},
    "--no-jinja": {"use_jinja": False},
    "--warmup": {"warmup": True},
    "--no-warmup": {"warmup": False},
    "-cb --cont-batching": {"cont_batching": True},
    "-nocb --no-cont-batching": {"cont_batching": False},
    "-kvu --kv-unified": {"kv_unified": True},
    "-no-kvu --no-kv-unified": {"kv_unified": False},
    "-kvo --kv-offload": {"no_kv_offload": False},
    "-nkvo --no-kv-offload": {"no_kv_offload": True},
    "--mmproj-offload": {"mmproj_use_gpu": True},
    "--no-mmproj-offload": {"mmproj_use_gpu": False},
    "--cache-prompt": {"cache_prompt": True},
    "--no-cache-prompt": {"cache_prompt": False},
    "--context-shift": {"ctx_shift": True},
    "--no-context-shift": {"ctx_shift": False},
    "--prefill-assistant": {"prefill_assistant": True},
    "--no-prefill-assistant": {"prefill_assistant": False},
    "--swa-full": {"swa_full": True},
    "--check-tensors": {"check_tensors": True},
    "--no-host": {"no_host": True},
    "-sp --special": {"special": True},
    "--perf": {"no_perf": False},
    "--no-perf": {"no_perf": True},
    "--mmap": {"load_mode": 1},
    "--no-mmap": {"load_mode": 0},
    "--mlock": {"load_mode": 3},
}


def by_flag(table):
    return {flag: entry for flags, entry in table.items() for flag in flags.split()}


def parse(arguments):
    """The parameters to set, by their dotted name. Raises UsageError."""
    values, switches = by_flag(VALUES), by_flag(SWITCHES)
    settings = {}
    rest = list(arguments)
    while rest:
        given = rest.pop(0)
        flag, equals, attached = given.partition("=")
        if flag.startswith("--"):
            flag = flag.replace("_", "-")
        if flag in switches and not equals:
            settings.update(switches[flag])
            continue
        if flag not in values:
            raise UsageError(f"{given} is not a flag of this llama-server; --help lists those it has")
        if not equals and not rest:
            raise UsageError(f"{flag} needs a value")
        text = attached if equals else rest.pop(0)
        read, targets = values[flag]
        try:
            value = read(text)
        except (ValueError, AttributeError, OSError):
            raise UsageError(f"{flag} does not take the value {text!r}")
        settings.update({target: value for target in targets.split()})
    if "model.path" not in settings:
        raise UsageError("no model given; pass one with --model FILE")
    return settings
