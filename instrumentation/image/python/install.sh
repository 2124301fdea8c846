#!/bin/sh
# install.sh DIRECTORY x64|arm64: the packages of requirements.txt, for that processor.
set -eu
directory=$1
case $2 in x64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) echo "cannot install for $2" >&2; exit 2 ;; esac
python3 -m pip install --quiet --no-deps --ignore-installed --no-compile --require-hashes --disable-pip-version-check \
  --only-binary=:all: --implementation cp --python-version 3.10 --abi abi3 --abi none \
  --platform "manylinux2014_$machine" --platform any \
  --target "$directory" --requirement "$(dirname "$0")/requirements.txt"
rm -rf "$directory/bin"
