#!/bin/sh
# install.sh FILE x64|arm64: the program `copy`, static.
set -eu
case $2 in x64) arch=amd64 ;; arm64) arch=arm64 ;; *) echo "cannot build for $2" >&2; exit 2 ;; esac
cd "$(dirname "$0")"
CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -ldflags='-s -w' -o "$1" .
