#!/bin/sh
# shellcheck disable=SC3013 # -nt is in every shell this meets, and in the newest POSIX.
# Decides whether a pass is due, and starts it.
#
# Contract: sourced by a hook that has set reaper_hook_git (this worktree's git directory) and
# reaper_hook_root (<common-dir>/reaper); it then only defines functions, all named reaper_hook_*.
# reaper_hook_run never fails, never reads stdin, never forks before there is something to do.
# Run as a program (sh reaper.sh post-checkout "$@"), it finds both by itself.
# Failure direction: whatever is missing, unreadable, unwritable or a link means no pass, silently.

# reaper_hook_run HOOK ARGS...: the whole story, with git's own arguments of that hook.
reaper_hook_run() {
  if [ -n "${REAPER_PROBE-}" ]; then
    { printf '%s %s\n' "$1" "$reaper_hook_root" >>"$REAPER_PROBE"; } 2>/dev/null || :
    return 0
  fi
  [ "${REAPER_HOOK-}" != 0 ] || return 0
  case ${CI-} in '' | false | 0) ;; *) return 0 ;; esac
  reaper_hook_is_wanted "$@" || return 0
  [ -f "$reaper_hook_root/bin/quick.cjs" ] && [ -f "$reaper_hook_root/bin/reaper-hook.mjs" ] || return 0
  [ ! -h "$reaper_hook_root" ] && [ ! -h "$reaper_hook_root/bin" ] && [ ! -h "$reaper_hook_root/bin/quick.cjs" ] &&
    [ ! -h "$reaper_hook_root/bin/reaper-hook.mjs" ] && [ ! -h "$reaper_hook_root/report" ] || return 0
  case $reaper_hook_created$reaper_hook_git in
  1*/worktrees/?*) (reaper_hook_prepare && reaper_hook_certify) || : ;;
  esac
  [ ! -s "$reaper_hook_root/report" ] || (reaper_hook_prepare && reaper_hook_report) || :
  reaper_hook_is_due || return 0
  (reaper_hook_prepare && reaper_hook_start "$1") || :
  return 0
}

# Sorts git's events: sets reaper_hook_merged where something may have landed, and
# reaper_hook_created where git has just made this worktree. False: nothing of interest happened.
reaper_hook_is_wanted() {
  reaper_hook_merged='' reaper_hook_created=''
  case $1 in
  post-checkout)
    [ "${4-}" = 1 ] || return 1
    case ${2-} in '' | *[!0]*) ;; *) reaper_hook_created=1 ;; esac
    ;;
  post-merge) [ "${2-}" != 0 ] || reaper_hook_merged=1 ;;
  post-rewrite)
    # Answered here: git runs it while the finished rebase's directory is still there.
    [ "${2-}" = rebase ] || return 1
    reaper_hook_merged=1
    return 0
    ;;
  *) return 1 ;;
  esac
  [ ! -d "$reaper_hook_git/rebase-merge" ] && [ ! -d "$reaper_hook_git/rebase-apply" ] &&
    [ ! -f "$reaper_hook_git/BISECT_LOG" ]
}

# A file just written carries the present time. The file that may be missing stands first: shells
# agree only on that form of -nt. Written with a builtin that may fail without ending the shell, and
# in place: emptying the file first takes a journaling file system longer than all the rest. On a
# full disk, where a pass is wanted most, emptying it still dates it.
reaper_hook_is_due() {
  [ ! -h "$reaper_hook_root/now" ] || return 1
  { echo 1<>"$reaper_hook_root/now"; } 2>/dev/null || { true >|"$reaper_hook_root/now"; } 2>/dev/null || return 1
  [ "$reaper_hook_root/failure" -nt "$reaper_hook_root/now" ] && return 1
  [ -n "$reaper_hook_merged" ] || [ -e "$reaper_hook_root/due" ] ||
    [ ! "$reaper_hook_root/stamp" -nt "$reaper_hook_root/now" ]
}

# --- From here on in a subshell of its own, where forks and changed settings are nobody's concern.

# Sets what the rest relies on: absolute paths, the settings of a plain shell, and a PATH of absolute
# entries outside every working tree of this repository. Notes the first node on it.
reaper_hook_prepare() {
  set +eu
  unset IFS CDPATH
  reaper_hook_from=$PWD
  case $reaper_hook_root in /* | ?:/*) ;; *) reaper_hook_root=$PWD/$reaper_hook_root ;; esac
  # cd is a builtin that answers with the real path in PWD; this is a subshell.
  cd -P . && reaper_hook_here=$PWD && cd -P -- "$reaper_hook_root/.." && reaper_hook_common=$PWD || return 1
  reaper_hook_rest=${PATH-}: reaper_hook_path='' reaper_hook_node=''
  while [ -n "$reaper_hook_rest" ]; do
    reaper_hook_entry=${reaper_hook_rest%%:*} reaper_hook_rest=${reaper_hook_rest#*:}
    case $reaper_hook_entry/ in */node_modules/.bin/) continue ;; /*) ;; *) continue ;; esac
    ! reaper_hook_is_checked_out "$reaper_hook_entry" || continue
    reaper_hook_path=$reaper_hook_path${reaper_hook_path:+:}$reaper_hook_entry
    [ -n "$reaper_hook_node" ] || [ ! -f "$reaper_hook_entry/node" ] || [ ! -x "$reaper_hook_entry/node" ] ||
      reaper_hook_node=$reaper_hook_entry/node
  done
  cd / || return 1
  PATH=${reaper_hook_path:-/usr/bin:/bin}
  export PATH
}

# True for a directory in a working tree of this repository, links resolved, and where that cannot be
# told: a branch decides what lies there. Each tree has a .git at its root that leads to the common directory.
reaper_hook_is_checked_out() {
  cd -P -- "$1" 2>/dev/null || return 0
  reaper_hook_dir=$PWD
  case $PWD/ in "$reaper_hook_here"/* | "$reaper_hook_common"/*) return 0 ;; esac
  while :; do
    if [ -d "$reaper_hook_dir/.git" ]; then
      cd -P -- "$reaper_hook_dir/.git" 2>/dev/null || return 0
    elif [ -f "$reaper_hook_dir/.git" ]; then
      reaper_hook_text=
      while IFS= read -r reaper_hook_line || [ -n "$reaper_hook_line" ]; do
        reaper_hook_text=$reaper_hook_text${reaper_hook_text:+'
'}$reaper_hook_line
      done <"$reaper_hook_dir/.git" || return 0
      cd -P -- "$reaper_hook_dir/" && cd -P -- "${reaper_hook_text#gitdir: }" || return 0
    fi 2>/dev/null
    case $PWD/ in "$reaper_hook_common"/*) return 0 ;; esac
    [ -n "$reaper_hook_dir" ] || return 1
    reaper_hook_dir=${reaper_hook_dir%/*}
  done
}

# Writes down who made this worktree, while they are there to be seen: git's nearest ancestors, as the
# kernel shows them. Which of them is an agent is decided when somebody asks. Without /proc: nothing.
reaper_hook_certify() {
  umask 077
  reaper_hook_mine=$reaper_hook_root/makers.$$
  [ -r /proc/self/stat ] && [ ! -h "$reaper_hook_root/makers" ] && [ ! -h "$reaper_hook_mine" ] || return 0
  { IFS= read -r reaper_hook_line </proc/sys/kernel/hostname; } 2>/dev/null || reaper_hook_line=''
  reaper_hook_text="reaper-hook maker 1
host $reaper_hook_line"
  { IFS= read -r reaper_hook_line </proc/sys/kernel/random/boot_id; } 2>/dev/null || reaper_hook_line=''
  reaper_hook_text="$reaper_hook_text
boot $reaper_hook_line
pidns $(readlink /proc/self/ns/pid 2>/dev/null)"
  reaper_hook_pid=$PPID reaper_hook_hops=''
  while [ "$reaper_hook_hops" != ........ ]; do
    case $reaper_hook_pid in '' | 0 | *[!0-9]*) break ;; esac
    { IFS= read -r reaper_hook_line <"/proc/$reaper_hook_pid/stat"; } 2>/dev/null || break
    reaper_hook_text="$reaper_hook_text
stat $reaper_hook_line"
    case ${reaper_hook_line#*'('} in
    node* | MainThread* | bun* | deno* | python* | pypy* | npm* | tsx*)
      reaper_hook_script
      reaper_hook_text="$reaper_hook_text
args	$reaper_hook_args"
      ;;
    esac
    reaper_hook_line=${reaper_hook_line##*') '} reaper_hook_line=${reaper_hook_line#* }
    reaper_hook_pid=${reaper_hook_line%% *} reaper_hook_hops=$reaper_hook_hops.
  done
  [ -d "$reaper_hook_root/makers" ] || mkdir -p -- "$reaper_hook_root/makers" 2>/dev/null
  # Written beside and moved, so that a pass reads all of it or nothing.
  { printf '%s\n' "$reaper_hook_text" >|"$reaper_hook_mine"; } 2>/dev/null &&
    mv -f -- "$reaper_hook_mine" "$reaper_hook_root/makers/${reaper_hook_git##*/worktrees/}" 2>/dev/null
}

# Sets what an interpreter runs: its own name and its first argument that is no option. No more is kept, for
# arguments hold prompts and secrets. No builtin can read them: they end in NUL.
reaper_hook_script() {
  reaper_hook_tab='	'
  reaper_hook_rest=$({ tr '\000\t\n' '\t  ' <"/proc/$reaper_hook_pid/cmdline"; } 2>/dev/null)
  reaper_hook_args=${reaper_hook_rest%%"$reaper_hook_tab"*}
  while :; do
    case $reaper_hook_rest in *"$reaper_hook_tab"*) reaper_hook_rest=${reaper_hook_rest#*"$reaper_hook_tab"} ;; *) return 0 ;; esac
    case $reaper_hook_rest in
    -c* | -e* | -p* | --eval* | --print*) return 0 ;;
    -*) ;;
    *)
      reaper_hook_args=$reaper_hook_args$reaper_hook_tab${reaper_hook_rest%%"$reaper_hook_tab"*}
      return 0
      ;;
    esac
  done
}

# Prints what the last pass left to say, once: the rename makes it one hook's among several.
reaper_hook_report() {
  reaper_hook_mine=$reaper_hook_root/report.$$
  mv -- "$reaper_hook_root/report" "$reaper_hook_mine" 2>/dev/null || return 0
  reaper_hook_lines=''
  while IFS= read -r reaper_hook_line || [ -n "$reaper_hook_line" ]; do
    printf '%s\n' "$reaper_hook_line" >&2
    reaper_hook_lines=$reaper_hook_lines.
    [ "$reaper_hook_lines" != ... ] || break
  done <"$reaper_hook_mine"
  rm -f -- "$reaper_hook_mine" 2>/dev/null
}

# reaper_hook_start HOOK: starts the program with nothing of git's or the terminal's attached.
reaper_hook_start() {
  if [ -f "$reaper_hook_root/bin/node" ] && IFS= read -r reaper_hook_line <"$reaper_hook_root/bin/node"; then
    [ ! -f "$reaper_hook_line" ] || [ ! -x "$reaper_hook_line" ] || reaper_hook_is_checked_out "${reaper_hook_line%/*}/" ||
      reaper_hook_node=$reaper_hook_line
  fi
  case $reaper_hook_node in /* | ?:/*) ;; *) return 0 ;; esac
  set -- "$reaper_hook_node" "$reaper_hook_root/bin/quick.cjs" run --hook "$1" \
    --from "$reaper_hook_from" ${reaper_hook_created:+--created}
  # git's own list (rev-parse --local-env-vars), and what makes node load or write something else.
  unset GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CONFIG GIT_CONFIG_PARAMETERS GIT_CONFIG_COUNT \
    GIT_OBJECT_DIRECTORY GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE GIT_INDEX_FILE \
    GIT_NO_REPLACE_OBJECTS GIT_REPLACE_REF_BASE GIT_PREFIX GIT_INTERNAL_SUPER_PREFIX GIT_SHALLOW_FILE \
    GIT_COMMON_DIR GIT_NAMESPACE GIT_REF_FORMAT NODE_OPTIONS NODE_PATH NODE_V8_COVERAGE \
    NODE_EXTRA_CA_CERTS
  # Not in the tree: that would look like somebody using it, and would let it be searched for settings.
  cd / || return 0
  if [ -e "$reaper_hook_root/foreground" ]; then
    reaper_hook_watch "$@" </dev/null >&2 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    [ ! -s "$reaper_hook_root/report" ] || reaper_hook_report
  else
    # exec, because a redirected function call keeps copies of what it redirects. The second "&"
    # makes it nobody's child here, not even where ( ) is no process: a hook may say wait.
    (
      exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
      reaper_hook_detach "$@" &
    ) &
  fi
}

# Keeps Ctrl-C and a closing terminal away. node undoes an inherited trap '', so where there is
# setsid(1) it gets a session of its own.
reaper_hook_detach() {
  trap '' INT QUIT HUP
  if command -v setsid >/dev/null; then reaper_hook_watch setsid "$@"; else reaper_hook_watch "$@"; fi
}

# Runs the program. One that died before it could leave a note of its own gets one here, dated a
# day ahead like the program's, so that it is not started again by every checkout. Being stopped
# from outside (hangup, interrupt, kill, termination: 128 plus the signal, in ksh 256) is no failure.
reaper_hook_watch() {
  "$@"
  reaper_hook_status=$?
  case $reaper_hook_status in 0 | 129 | 130 | 137 | 143 | 257 | 258 | 265 | 271) return 0 ;; esac
  [ ! "$reaper_hook_root/failure" -nt "$reaper_hook_root/now" ] || return 0
  reaper_hook_note=$reaper_hook_root/failure.$$
  [ ! -h "$reaper_hook_note" ] && [ ! -h "$reaper_hook_root/report" ] || return 0
  printf 'the program ended with status %s and left no note of its own\n' "$reaper_hook_status" >|"$reaper_hook_note"
  # A zone 24 hours ahead is the portable way to name this time tomorrow.
  reaper_hook_line=$(TZ=AHEAD-24 date +%Y%m%d%H%M) &&
    TZ=UTC0 touch -t "$reaper_hook_line" "$reaper_hook_note" &&
    mv -f -- "$reaper_hook_note" "$reaper_hook_root/failure" || return 0
  printf 'reaper-hook: the last pass could not run (exit status %s); none is tried for a day. Next: npx reaper-hook doctor\n' \
    "$reaper_hook_status" >|"$reaper_hook_root/report"
}

# Run as a program: for hook managers, whose files are not ours to write in.
if [ -z "${reaper_hook_root-}" ]; then
  reaper_hook_root=${0%/bin/*}
  reaper_hook_git=$(git rev-parse --git-dir 2>/dev/null) || exit 0
  if [ "${1-}" = pre-commit ]; then
    # The pre-commit framework names the event by the variables it sets.
    if [ -n "${PRE_COMMIT_CHECKOUT_TYPE-}" ]; then
      set -- post-checkout "${PRE_COMMIT_FROM_REF-}" "${PRE_COMMIT_TO_REF-}" "$PRE_COMMIT_CHECKOUT_TYPE"
    elif [ -n "${PRE_COMMIT_IS_SQUASH_MERGE-}" ]; then
      set -- post-merge "$PRE_COMMIT_IS_SQUASH_MERGE"
    elif [ -n "${PRE_COMMIT_REWRITE_COMMAND-}" ]; then
      set -- post-rewrite "$PRE_COMMIT_REWRITE_COMMAND"
    else
      # prek says nothing about a merge, but for one that squashes.
      set -- post-merge "${PRE_COMMIT_SQUASH_MERGE:-0}"
    fi
  fi
  reaper_hook_run "${1-}" "${2-}" "${3-}" "${4-}"
  exit 0
fi
