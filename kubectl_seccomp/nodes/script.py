"""The script of the node probe: POSIX sh, run by busybox ash or dash, read by output.py.

It prints lines of words; whatever comes from the node is base64, so that no name can pretend to be a line. Questions come by
environment: IDS (container ids), PATHS (base64 of each localhostProfile, in order), ROOT and SPO (where on the node the mounts
come from), NONCE. P is the prefix of all mounts, empty in the pod.

Symbolic links are followed by hand: the node's absolute targets mean something else inside of the pod.
"""

SCRIPT = r"""
LIMIT=1048576
N=0
out() { N=$((N+1)); echo "$@"; }
b64() { printf %s "$1" | base64 | tr -d '\n'; }

inside() { # $1 a path on the node; sets here, where it is in this pod
  case $1 in
    "$ROOT"/seccomp|"$ROOT"/seccomp/*) here=$P/host/seccomp${1#"$ROOT"/seccomp} ;;
    "$SPO"|"$SPO"/*) here=$P/host/spo${1#"$SPO"} ;;
    *) return 1 ;;
  esac
}

resolve() { # $1 a path on the node; sets real and here; 1 outside of the mounts, 2 a loop
  todo=${1#/}; real=; hops=0
  while [ -n "$todo" ]; do
    part=${todo%%/*}
    case $todo in */*) todo=${todo#*/} ;; *) todo= ;; esac
    case $part in ''|.) continue ;; ..) real=${real%/*}; continue ;; esac
    real=$real/$part
    inside "$real" || continue
    [ -L "$here" ] || continue
    hops=$((hops+1)); [ $hops -le 40 ] || return 2
    link=$(readlink "$here"; echo x); link=${link%?x}
    case $link in
      /*) todo=${link#/}/$todo; real= ;;
      *) todo=$link/$todo; real=${real%/*} ;;
    esac
  done
  inside "$real" || return 1
}

one_file() { # $1 its number; here and real are set
  coded=$(b64 "$real")
  parent=${here%/*}
  if [ ! -e "$here" ]; then
    if [ -e "$parent" ] && [ ! -x "$parent" ]; then out file $1 unreadable $coded; else out file $1 missing $coded; fi
  elif [ -d "$here" ]; then out file $1 directory $coded
  elif [ ! -f "$here" ]; then out file $1 special $coded
  elif [ ! -r "$here" ]; then out file $1 unreadable $coded
  else
    facts=$(stat -c '%s %a %u:%g %Y %Z' "$here")
    sum=$(sha256sum < "$here"); sum=${sum%% *}
    content=-
    [ "${facts%% *}" -gt $LIMIT ] || content==$(head -c $LIMIT < "$here" | base64 | tr -d '\n')
    out file $1 present $coded $facts $sum $content
  fi
}

out start $NONCE
index=0
for coded in $PATHS; do
  path=$(printf %s "$coded" | base64 -d; echo x); path=${path%x}
  resolve "$ROOT/seccomp/$path"
  case $? in
    0) one_file $index ;;
    2) out file $index loop - ;;
    *) out file $index outside $(b64 "$real") ;;
  esac
  index=$((index+1))
done

kubelet_flags() { # the command line on stdin, a word a line; prints root directory (base64) and seccomp flag
  n=0; is=; root=/var/lib/kubelet; flag=absent; want=
  while IFS= read -r word || [ -n "$word" ]; do
    n=$((n+1))
    [ $n -gt 2 ] || [ "${word##*/}" != kubelet ] || is=1
    [ -z "$want" ] || root=$word
    want=
    case $word in
      --root-dir=*) root=${word#*=} ;;
      --root-dir) want=1 ;;
      --seccomp-default|--seccomp-default=true) flag=true ;;
      --seccomp-default=*) flag=false ;;
    esac
  done
  [ -z "$is" ] || echo "$(b64 "$root") $flag"
}

container_of() { # $1 a process; sets found to the asked id that its cgroup names
  found=
  while read -r line; do
    for id in $IDS; do
      case $line in
        *conmon-"$id"*) ;;
        *"$id"*) found=$id; return ;;
      esac
    done
  done < "$1/cgroup"
}

started() { # $1 a process; sets ppid and start
  read -r stat < "$1/stat" || return 1
  set -- ${stat##*) }
  ppid=$2; shift 19; start=$1
}

for dir in "$P"/hostproc/[0-9]*; do
  pid=${dir##*/}
  comm=; { read -r comm < "$dir/comm"; } 2>/dev/null
  case $comm in kube*)
    said=$(tr '\000' '\n' < "$dir/cmdline" 2>/dev/null | kubelet_flags)
    [ -z "$said" ] || out kubelet $pid $said ;;
  esac
  container_of "$dir" 2>/dev/null
  [ -n "$found" ] || continue
  started "$dir" 2>/dev/null || continue
  before=$start; mode=-; filters=-; privs=-
  { while read -r key value rest; do
    case $key in
      Seccomp:) mode=$value ;;
      Seccomp_filters:) filters=$value ;;
      NoNewPrivs:) privs=$value ;;
    esac
  done < "$dir/status"; } 2>/dev/null
  started "$dir" 2>/dev/null || continue
  out process $found $pid $ppid $before $start $mode $filters $privs
done
echo end $NONCE $N
"""
