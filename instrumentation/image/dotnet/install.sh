#!/bin/sh
# install.sh DIRECTORY x64|arm64 VERSION GLIBC_SHA256 MUSL_SHA256: a release of OpenTelemetry for .NET, by the checksums that
# whoever builds the image has looked at.
set -eu
directory=$1 arch=$2 version=$3
releases=https://github.com/open-telemetry/opentelemetry-dotnet-instrumentation/releases/download
archive=$(mktemp)
for libc in glibc musl; do
  case $libc in glibc) checksum=$4 ;; musl) checksum=$5 ;; esac
  curl -fsSL -o "$archive" "$releases/v$version/opentelemetry-dotnet-instrumentation-linux-$libc-$arch.zip"
  echo "$checksum  $archive" | sha256sum --check --quiet
  unzip -q -o "$archive" -d "$directory"
done
rm "$archive"
