#!/usr/bin/env bash
# Checks lease.pml, endpoint.pml, order.pml and idle.pml with spin: every property with and without workers that outlive their lease,
# then that each mutant breaks the property named beside it. Ends in the plain line `N passed, N failed`. Takes minutes; wants spin and a C compiler.
set -euo pipefail
for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "npm run model wants $tool, which is not installed (Debian: apt-get install spin gcc)"; exit 1; }
done
folder_of_models=$(cd "$(dirname "$0")" && pwd)
model=$folder_of_models/lease.pml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0

# check <holds|breaks> <property> [-DFLAG …]
check() {
  local wanted=$1 property=$2 found=holds
  shift 2
  local at="$folder/$property-$(echo "$*" | tr -c 'A-Z_' -)"
  mkdir -p "$at" && cd "$at"
  spin -a "$@" "$model" >spin.out 2>&1 || { cat spin.out; exit 1; }
  local only=() search=(-a -f -N "$property")
  if [ "$property" = requests ]; then only=(-DNOCLAIM -DSAFETY) search=(); else only=(-DNFAIR=9); fi
  gcc -O2 -w "${only[@]}" -DCOLLAPSE -DMEMLIM=6000 -o pan pan.c
  ./pan -m4000000 "${search[@]}" >out 2>&1 || true
  grep -q 'errors: 0' out || found=breaks
  grep -qE 'max search depth too small|out of memory|reached -DMEMLIM' out && found='is unknown'
  local states
  states=$(grep -oE '[0-9.e+]+ states, stored' out | head -1)
  if [ "$found" = "$wanted" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
  printf '%-9s %-10s %-32s %s\n' "$found" "$property" "$*" "$states"
}

for property in requests absorbs dead honest kept ends; do
  check holds "$property"
  check holds "$property" -DZOMBIES
done
check breaks absorbs -DUNFENCED -DZOMBIES
check breaks requests -DCOUNT_AT_SETTLE
check breaks ends -DNO_SWEEP
check breaks ends -DNO_BURY
check breaks kept -DLOCKED_IS_DONE
check breaks requests -DTOLD_UNFENCED -DMAX=3
check breaks ends -DLOCKED_IS_GONE -DNO_SWEEP
# With an operator, who multiplies the states: the counts with two attempts, what comes in the end with one.
check holds requests -DOPERATOR
for property in absorbs dead erases honest kept ends; do check holds "$property" -DOPERATOR -DMAX=1; done
check breaks requests -DOPERATOR -DCANCEL_UNHEARD
check breaks requests -DOPERATOR -DSTOP_BLINDLY
check breaks erases -DOPERATOR -DERASE_AT_ONCE -DMAX=1
model=$folder_of_models/endpoint.pml
check holds requests
check holds heals
check breaks heals -DNO_EXPIRY
check breaks heals -DNO_REPAIR
check breaks requests -DNO_PLACE
model=$folder_of_models/order.pml
check holds requests
check holds ends
check holds ends -DNO_SWEEP -DNO_CRASH
check breaks ends -DNO_SWEEP -DNO_CRASH -DNO_SECOND_LOOK
check breaks requests -DNO_SLOT
check breaks requests -DNO_LOOK
model=$folder_of_models/idle.pml
for property in marked found; do check holds $property; done
for mutant in ROW_FIRST YOUNG_TOO AGED_AFTER HIDES_YOUNG REMOVES_ALL; do check breaks marked "-D$mutant"; done
# Where the queue takes no marker, or a row comes late, the look finds it, and nothing else does.
for trouble in NO_MARKERS LATE_ROWS; do
  check holds found "-D$trouble"
  check breaks found "-D$trouble" -DNO_LOOK
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
