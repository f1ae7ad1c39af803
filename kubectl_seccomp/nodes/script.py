"""The script of the node probe: POSIX sh, run by busybox ash or dash, read by output.py.

It prints lines of words, the last of which says how many there were, so that a cut log is seen as such; whatever comes from
the node is base64 behind a `=`, so that no name can pretend to be a line or a word. Questions come as arguments (`i` and a
container id, `p` and the base64 of a localhostProfile, `x` for a profile that no file can have as its name) and by
environment: NONCE, ROOT (the kubelet's root directory on the node) and SPO (the directory of the Security Profiles Operator,
empty where it does not belong to the question). P is the prefix of all mounts, empty in the pod.

Symbolic links are followed by hand: the node's absolute targets mean something else inside of the pod. Whether a file may be
read is found out by reading it, because `test -r` is always true for uid 0, with or without capabilities.
"""

SCRIPT = r"""
exec 2>/dev/null
LC_ALL=C; export LC_ALL
LIMIT=1048576      # the largest content that is sent, in bytes
LEFT=6291456       # and how much of all contents together: a log is rotated, and so cut, at 10 MiB
HASHED=67108864    # the largest file that is hashed
SPACE=$IFS
N=0
out() { N=$((N+1)); printf '%s\n' "$*"; }
b64() { printf =; printf %s "$1" | base64 | tr -d '\n'; }

inside() { # $1 a path on the node; sets here, where it is in this pod
  case $1 in
    "$ROOT"/seccomp|"$ROOT"/seccomp/*) here=$P/host/seccomp${1#"$ROOT"/seccomp}; return 0 ;;
  esac
  [ -n "$SPO" ] || return 1
  case $1 in
    "$SPO"|"$SPO"/*) here=$P/host/spo${1#"$SPO"}; return 0 ;;
  esac
  return 1
}

resolve() { # $1 a path on the node; sets real and here; 1 outside of the mounts, 2 a loop, 3 no directory on the way
  todo=${1#/}; real=; hops=0
  while [ -n "$todo" ]; do
    part=${todo%%/*}
    case $todo in */*) todo=${todo#*/} ;; *) todo= ;; esac
    case $part in ''|.) continue ;; ..) real=${real%/*}; continue ;; esac
    real=$real/$part
    inside "$real" || continue
    if [ -L "$here" ]; then
      hops=$((hops+1)); [ $hops -le 40 ] || return 2
      link=$(readlink "$here"; echo x); link=${link%?x}
      case $link in /*) real= ;; *) real=${real%/*} ;; esac
      todo=${link#/}/$todo
    elif [ -n "$todo" ] && [ ! -d "$here" ]; then
      return 3
    fi
  done
  inside "$real"
}

absent() { # $1 its number, $2 what stat said of it
  case $2 in
    *'ermission denied') out file $1 unreadable $coded ;;
    *) out file $1 missing $coded ;;
  esac
}

one_file() { # $1 its number; real, here and coded are set
  facts=$(stat -c '%s %a %u:%g %Y %Z' "$here" 2>&1) || { absent $1 "$facts"; return; }
  if [ -d "$here" ]; then out file $1 directory $coded; return; fi
  if [ ! -f "$here" ]; then out file $1 special $coded; return; fi
  size=${facts%% *}; sum=-; content=-
  if [ "$size" -le $HASHED ]; then
    sum=$(sha256sum < "$here") || { out file $1 unreadable $coded; return; }
    sum=${sum%% *}
  fi
  if [ "$size" -le $LIMIT ] && [ "$size" -le $LEFT ]; then
    LEFT=$((LEFT-size))
    content==$(head -c $LIMIT < "$here" | base64 | tr -d '\n')
  fi
  out file $1 present $coded $facts $sum $content
}

files() { # every argument that begins with p or x, numbered in order
  index=0
  for asked in "$@"; do
    case $asked in p*) ;; x*) out file $index impossible -; index=$((index+1)); continue ;; *) continue ;; esac
    path=$(printf %s "${asked#p}" | base64 -d; echo x)
    resolve "$ROOT/seccomp/${path%x}"
    state=$?
    [ $state -ne 3 ] || whole=$real/$todo
    [ $state -eq 3 ] || whole=$real
    coded=$(b64 "$whole")
    case $state in
      0) one_file $index ;;
      1) out file $index outside $coded ;;
      2) out file $index loop $coded ;;
      *) absent $index "$(stat -c %s "$here/." 2>&1)" ;;
    esac
    index=$((index+1))
  done
}

# Any cgroup version, driver and runtime: ids are looked for as words anywhere in the path, between / : - and a dot.
container_of() { # $1 a cgroup file; sets found to the id that was asked for, pod if it is inside of any pod
  found=; pod=
  while read -r line; do
    case $line in *kubepods*) pod=1 ;; esac
    was=
    IFS=/:-.
    for word in $line; do
      case $was/$word in
        conmon/*) ;;
        */????????*) case $IDS in *" $word "*) found=$word; break ;; esac ;;
      esac
      was=$word
    done
    IFS=$SPACE
    [ -z "$found" ] || return 0
  done < "$1"
}

started() { # $1 a stat file; sets ppid and start. The name in it may hold spaces and parentheses: cut after the last one
  stat=
  read -r stat < "$1"
  set -- ${stat##*) }
  ppid=$2; start=${20}
  [ -n "$start" ]
}

process() { # $1 its directory, $2 its pid; found is set
  started "$1/stat" || return 0
  before=$start; mode=-; filters=-; privs=-; depth=-
  while read -r key value rest; do
    case $key in
      Seccomp:) mode=$value ;;
      Seccomp_filters:) filters=$value ;;
      NoNewPrivs:) privs=$value ;;
      NSpid:) depth=$value; for word in $rest; do depth=$depth,$word; done ;;
    esac
  done < "$1/status"
  started "$1/stat" || return 0
  out process $found $2 $ppid $before $start $mode $filters $privs $depth
}

# Only these flags of a kubelet are told, never its whole command line.
kubelet_flags() { # $1 the process's name; its command line on stdin, a word a line
  n=0; is=; want=; root=-; flag=-; port=-; config=-; host=-
  while IFS= read -r word || [ -n "$word" ]; do
    n=$((n+1))
    case $n/$word in
      1/kubelet|1/*/kubelet) is=1 ;;
      2/kubelet) case $1 in *kube*) is=1 ;; esac ;;
    esac
    if [ -n "$want" ]; then name=$want; value=$word; want=
    else
      case $word in
        --) break ;;
        --*=*) name=${word%%=*}; value=${word#*=} ;;
        --seccomp[-_]default) name=$word; value=true ;;
        --root[-_]dir|--port|--config|--hostname[-_]override) want=$word; continue ;;
        *) continue ;;
      esac
    fi
    case $name in
      --root[-_]dir) root=$(b64 "$value") ;;
      --seccomp[-_]default) flag=$(b64 "$value") ;;
      --port) port=$(b64 "$value") ;;
      --config) config=$(b64 "$value") ;;
      --hostname[-_]override) host=$(b64 "$value") ;;
    esac
  done
  [ -z "$is" ] || echo "$root $flag $port $config $host"
}

kubelet() { # $1 a process's directory, $2 its pid
  comm=; line=
  read -r comm < "$1/comm"
  read -r line < "$1/cmdline"
  case $comm/$line in *kubelet*) ;; *) return 0 ;; esac
  said=$(head -c 65536 "$1/cmdline" | tr '\000' '\n' | kubelet_flags "$comm")
  [ -n "$said" ] && started "$1/stat" || return 0
  out kubelet $2 $ppid $start $said
}

clock() { # the node's own time and when it booted, both in epoch seconds
  boot=-
  while read -r key value rest; do
    [ "$key" != btime ] || { boot=$value; break; }
  done < "$P/hostproc/stat"
  out clock "$(date +%s)" $boot
}

out start $NONCE
clock
IDS=" "
for asked in "$@"; do
  case $asked in i*) IDS="$IDS${asked#i} " ;; esac
done
set -f
files "$@"
set +f
set -- "$P"/hostproc/[0-9]*
set -f
for dir in "$@"; do
  container_of "$dir/cgroup"
  if [ -n "$found" ]; then process "$dir" "${dir##*/}"
  elif [ -z "$pod" ]; then kubelet "$dir" "${dir##*/}"
  fi
done
printf 'end %s %s\n' "$NONCE" "$N"
"""
