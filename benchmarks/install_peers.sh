#!/usr/bin/env bash
# Makes the environment that holds the rivals, apart from the project's own: install_peers.sh [FOLDER]
# (default: .peers beside this folder; it is not part of the repository). Two minutes, 2 GB.
# PYTHON chooses the interpreter. TORCH_INDEX may name a package index of CPU builds of torch: the wheel of the default
# index can bring gigabytes of CUDA libraries, which nothing here uses.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../.peers}
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
pip() { "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch==2.13.0
pip -r "$here/peers.txt"
touch "$folder/.ready"
echo "$folder/bin/python is ready"
