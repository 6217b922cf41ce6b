#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs ONNX Runtime for compare.py: the shared library and its binding for Node, about 290 MB, from npm.
#   install_onnxruntime.sh FOLDER
# Meson's benchmark looks for it in the folder onnxruntime of the build folder.
set -eu
version=1.30.0
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
mkdir -p "$1"
# without scripts, which would fetch what is for GPUs
npm install --prefix "$1" --ignore-scripts --no-save --no-audit --no-fund "onnxruntime-node@$version"
