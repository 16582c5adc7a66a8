#!/usr/bin/env bash
# Makes the environment that holds the rivals, apart from the project's own: install_peers.sh [FOLDER]
# (default: .peers beside this folder; it is not part of the repository). Two minutes, 2 GB.
# PYTHON chooses the interpreter; TORCH_INDEX the package index that torch comes from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/../.peers}
python=${PYTHON:-python3}
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
pip() { "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
# The plain wheel of torch on Linux would bring gigabytes of CUDA libraries that nothing here uses: the index of CPU
# builds is asked first, and the default one where it cannot be reached.
pip --index-url "${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}" torch==2.13.0 || pip torch==2.13.0
pip -r "$here/peers.txt"
touch "$folder/.ready"
echo "$folder/bin/python is ready"
