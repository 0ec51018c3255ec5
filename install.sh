#!/bin/sh
# Installs hal0 on a server:
#
#   curl -fsSL https://…/install.sh | sudo sh
#   curl -fsSL https://…/install.sh | sh -s -- --user      without root, for this user only
#
# Downloads the executable for this machine, checks its SHA-256, and lets it set itself up: arguments after `sh -s --` go to
# `hal0 setup`. HAL0_RELEASES is the address of the folder with the releases and SHA256SUMS.
set -eu

# The address of the folder with this file. A build with --release-url fills it in.
default_releases=
releases=${HAL0_RELEASES:-$default_releases}
download_seconds=1800

say() {
  printf '%s\n' "$*" >&2
}

fail() {
  say "Error: $*"
  exit 1
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# The name of the executable for this machine, by its kind and its processor.
find_target() {
  [ "$(uname -s)" = Linux ] || fail "hal0 runs on Linux, not on $(uname -s)."
  case $(uname -m) in
    aarch64 | arm64) echo linux-arm64 ;;
    x86_64 | amd64)
      if grep -q '^flags.*[[:space:]]avx2\([[:space:]]\|$\)' /proc/cpuinfo; then
        echo linux-x64
      else
        echo linux-x64-baseline
      fi
      ;;
    *) fail "hal0 is not made for the processor of this machine ($(uname -m))." ;;
  esac
}

# download URL FILE
download() {
  if have curl; then
    curl -fsSL --connect-timeout 30 --max-time "$download_seconds" -o "$2" "$1" || fail "$1 could not be downloaded."
  elif have wget; then
    wget -q -T 30 -O "$2" "$1" || fail "$1 could not be downloaded."
  else
    fail "Neither curl nor wget is here. Install one of them and try again."
  fi
}

main() {
  [ -n "$releases" ] || fail "This install.sh has no address for releases. Set HAL0_RELEASES to the address of their folder."
  have sha256sum || fail "sha256sum is not here. Install coreutils and try again."
  case $releases in
    http://* | https://*) ;;
    *) fail "HAL0_RELEASES is not an http or https address: $releases" ;;
  esac
  releases=${releases%/}
  target=$(find_target)

  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  download "$releases/SHA256SUMS" "$folder/SHA256SUMS"
  # One line of 64 hexadecimal digits, two spaces, and a plain file name.
  grep "^[0-9a-f]\{64\}  hal0-[0-9A-Za-z.-]*-$target\$" "$folder/SHA256SUMS" >"$folder/line" ||
    fail "$releases/SHA256SUMS has no line for $target."
  [ "$(wc -l <"$folder/line")" -eq 1 ] || fail "$releases/SHA256SUMS has more than one line for $target."
  name=$(cut -c 67- <"$folder/line")

  say "Downloading $name."
  download "$releases/$name" "$folder/$name"
  (cd "$folder" && sha256sum -c line >/dev/null 2>&1) ||
    fail "$name is not what SHA256SUMS says: the download was cut off or changed. Try again."

  mv "$folder/$name" "$folder/hal0"
  chmod 755 "$folder/hal0"
  # Setup may ask; the script itself comes in by the standard input.
  if [ ! -t 0 ] && [ -t 2 ] && (: </dev/tty) 2>/dev/null; then
    "$folder/hal0" setup "$@" </dev/tty
  else
    "$folder/hal0" setup "$@"
  fi
}

# At the end and in braces, so that a script that was cut off on its way runs nothing.
{ main "$@"; }
