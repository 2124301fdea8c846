#!/bin/sh
# install.sh DIRECTORY: the agent of pom.xml, if it is the one of checksums.txt.
set -eu
directory=$1
here=$(cd "$(dirname "$0")" && pwd)
mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -Dmdep.stripVersion=true "-DoutputDirectory=$directory"
cd "$directory" && sha256sum --check --quiet "$here/checksums.txt"
