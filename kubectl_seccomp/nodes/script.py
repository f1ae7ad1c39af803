"""The script of the node probe: POSIX sh, run by busybox ash or dash, read by output.py.

It prints lines of words; whatever comes from the node is base64 behind a `=`, so that no name can pretend to be a line or a
word. The last but one line says how many there were, which only a run that came to its end can say; the last one is a
checksum over all before it, so that a log that lacks its head, its tail or its middle is seen as such.

Questions come as arguments: `i` and a container's id; `u` and a pod's UID, to be told of what is in the pod's cgroup and
was not asked for; `p` and the base64 of a localhostProfile; `x` for a profile that no file can have as its name; `k` for
kernel and audit; `l` for all files. The environment has NONCE, ROOT (the kubelet's root directory on the node) and SPO (the
directory of the Security Profiles Operator, empty where it does not belong to the question). P is the prefix of all mounts,
empty in the pod.
"""

from .script_files import FILES

_HEAD = r"""
exec 2>/dev/null
LC_ALL=C; export LC_ALL
SPACE=$IFS
N=0
SAID=0
out() { line="$*"; N=$((N+1)); SAID=$((SAID+${#line}+1)); printf '%s\n' "$line"; }
b64() { printf =; printf %s $(printf %s "$1" | base64); } # in one line: its words without blanks
"""

_PROCESSES = r"""
# Any cgroup version, driver and runtime: ids are looked for as words anywhere in the path, between / : - and a dot.
container_of() { # $1 a cgroup file; sets found to the id that was asked for, pod if it is inside of any pod
  found=; pod=; owner=
  while read -r line; do
    # A reader in a cgroup namespace of its own may see nothing above the pod.
    case $line in *kubepods*|*[/-]pod[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*) pod=1 ;; esac
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
  [ -z "$pod" ] || [ "$UIDS" = ' ' ] || unlisted "$1"
}

unlisted() { # $1 a cgroup file; sets owner to the pod that was asked for, found to the id below it that was not
  while read -r line; do
    case $line in *[/-]pod*) ;; *) continue ;; esac
    owner=${line#*[/-]pod}; owner=${owner%%[!0-9a-z_-]*}
    case $UIDS in *" $owner "*) ;; *) owner=; continue ;; esac
    was=
    IFS=/:-.
    for word in ${line#*"$owner"}; do
      case $was/${#word}/$word in
        conmon/*|*/64/*[!0-9a-f]*) ;;
        */64/*) found=$word; break ;;
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

# Of each container only the oldest process is told, with those of the very same tick: the first one decides.
process() { # $1 its directory, $2 its pid; found is set
  id=$found; mode=-; filters=-; privs=-
  case $id in *[!0-9A-Za-z]*) return 0 ;; esac
  started "$1/stat" || return 0
  eval "oldest=\${at_$id-}"
  [ -z "$oldest" ] || [ "$start" -le "$oldest" ] || return 0
  before=$start
  while read -r key value rest; do
    case $key in
      Seccomp:) mode=$value ;;
      Seccomp_filters:) filters=$value ;;
      NoNewPrivs:) privs=$value ;;
    esac
  done < "$1/status"
  # The pid may have been given to another process at any moment since it was first looked at.
  container_of "$1/cgroup"
  [ "$found" = "$id" ] && started "$1/stat" && [ "$start" = "$before" ] || return 0
  said="process $id ${owner:--} $2 $ppid $start $mode $filters $privs"
  if [ "$oldest" = "$start" ]; then eval "said_$id=\"\$said_$id
\$said\""
  else eval "at_$id=\$start said_$id=\$said"
  fi
  [ -n "$oldest" ] || MAIN="$MAIN $id"
}

# Only these flags of a kubelet are told, never its whole command line.
kubelet_flags() { # $1 the process's name; its command line on stdin, a word a line
  n=0; is=; want=; root=-; flag=-; host=-
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
        --root[-_]dir|--hostname[-_]override) want=$word; continue ;;
        *) continue ;;
      esac
    fi
    case $name in
      --root[-_]dir) root=$(b64 "$value") ;;
      --seccomp[-_]default) flag=$(b64 "$value") ;;
      --hostname[-_]override) host=$(b64 "$value") ;;
    esac
  done
  [ -z "$is" ] || echo "$root $flag $host"
}

outside_of_pods() { # $1 a process's directory, $2 its pid
  comm=; line=
  read -r comm < "$1/comm"
  case $comm in kauditd) KAUDITD=1 ;; auditd) AUDITD=1 ;; esac
  read -r line < "$1/cmdline"
  case $comm/$line in *kubelet*) ;; *) return 0 ;; esac
  said=$(head -c 65536 "$1/cmdline" | tr '\000' '\n' | kubelet_flags "$comm")
  [ -n "$said" ] && started "$1/stat" || return 0
  out kubelet $2 $start $said
}

processes() {
  MAIN=; KAUDITD=0; AUDITD=0
  set +f
  set -- "$P"/hostproc/[0-9]*
  set -f
  for dir in "$@"; do
    container_of "$dir/cgroup"
    if [ -n "$found" ]; then process "$dir" "${dir##*/}"
    elif [ -z "$pod" ]; then outside_of_pods "$dir" "${dir##*/}"
    fi
  done
  for id in $MAIN; do
    eval "said=\$said_$id"
    IFS='
'
    for line in $said; do IFS=$SPACE; out "$line"; done
    IFS=$SPACE
  done
}
"""

_NODE = r"""
clock() { # the node's own time and when it booted, both in epoch seconds
  boot=-
  while read -r key value rest; do
    [ "$key" != btime ] || { boot=$value; break; }
  done < "$P/hostproc/stat"
  out clock "$(date +%s)" $boot
}

kernel() {
  for key in kernel/osrelease kernel/version kernel/seccomp/actions_avail kernel/seccomp/actions_logged \
    kernel/unprivileged_userns_clone user/max_user_namespaces kernel/unprivileged_bpf_disabled kernel/io_uring_disabled
  do
    text=$(head -c 4096 "$P/hostproc/sys/$key") && out kernel $key "$(b64 "$text")"
  done
  built=0
  [ ! -e "$P/hostproc/self/loginuid" ] || built=1
  out audit $built $KAUDITD $AUDITD
}

main() {
  out start $NONCE
  clock
  IDS=' '; UIDS=' '; LIST=; KERNEL=
  for asked in "$@"; do
    case $asked in
      i*) IDS="$IDS${asked#i} " ;;
      u*) UIDS="$UIDS${asked#u} " ;;
      l) LIST=1 ;;
      k) KERNEL=1 ;;
    esac
  done
  set -f
  processes
  [ -z "$KERNEL" ] || kernel
  files "$@"
  [ -z "$LIST" ] || listing
  out lines $N
}

lacks=
for tool in base64 date head readlink sha256sum stat tee tr; do
  command -v $tool > /dev/null || lacks="$lacks $tool"
done
if [ -n "$lacks" ]; then printf 'start %s\nlacks%s\n' "$NONCE" "$lacks"; exit; fi
exec 4>&1
sum=$({ main "$@" | tee /dev/fd/3 >&4; } 3>&1 | sha256sum)
printf 'end %s %s\n' "$NONCE" "${sum%% *}"
"""

SCRIPT = _HEAD + FILES + _PROCESSES + _NODE
