"""The part of the probe's script that is about files: those that were asked for, and all that are there. See script.py.

Symbolic links are followed by hand: the node's absolute targets mean something else inside of the pod. Whether a file may be
read is found out by reading it, because `test -r` is always true for uid 0, with or without capabilities. What is no
regular file is never opened. A file is told behind the words in `told`: `file` and its number, or `entry` and its name.
"""

FILES = r"""
LIMIT=1048576      # the largest content that is sent, in bytes
LEFT=6291456       # and how much of all contents together
HASHED=67108864    # the largest file that is hashed
TO_HASH=268435456  # and how much of all files together
MOST=1000          # entries of a listing
HOPS=40            # links on the way to one file, as Linux follows them
ROOM=9437184       # bytes that contents and entries may bring the log to: it is rotated, and so cut, at 10 MiB
FACTS='%s %a %u:%g %Y %Z'
SENT=' '
FOLLOWED=' '

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

resolve() { # $1 a path on the node; sets real, here and coded; 1 outside of the mounts, 2 a loop, 3 no directory on the way
  todo=${1#/}; real=; hops=0
  follow
  state=$?
  [ $state -ne 3 ] || { coded=$(b64 "$real/$todo"); return 3; }
  coded=$(b64 "$real")
  return $state
}

follow() { # todo below real, link by link
  while [ -n "$todo" ]; do
    part=${todo%%/*}
    case $todo in */*) todo=${todo#*/} ;; *) todo= ;; esac
    case $part in ''|.) continue ;; ..) real=${real%/*}; continue ;; esac
    real=$real/$part
    inside "$real" || continue
    if [ -L "$here" ]; then
      hops=$((hops+1)); [ $hops -le $HOPS ] || return 2
      link=$(readlink "$here"; echo x); link=${link%?x}
      case $link in /*) real= ;; *) real=${real%/*} ;; esac
      todo=${link#/}/$todo
    elif [ -n "$todo" ] && [ ! -d "$here" ]; then
      return 3
    fi
  done
  inside "$real"
}

absent() { # $1 what stat said of it
  case $1 in
    *'ermission denied') out $told unreadable $coded ;;
    *) out $told missing $coded ;;
  esac
}

resolved() { # $1 what resolve returned, with what that has set
  case $1 in
    0) one_file ;;
    1) out $told outside $coded ;;
    2) out $told loop $coded ;;
    *) absent "$(stat -c %s "$here/." 2>&1)" ;;
  esac
}

one_file() { # here and coded are set
  facts=$(stat -c "$FACTS" "$here" 2>&1) || { absent "$facts"; return; }
  if [ -d "$here" ]; then out $told directory $coded; return; fi
  if [ ! -f "$here" ]; then out $told special $coded; return; fi
  size=${facts%% *}; sum=-; content=-
  if [ "$size" -le $HASHED ] && [ "$size" -le $TO_HASH ]; then
    TO_HASH=$((TO_HASH-size))
    sum=$(sha256sum < "$here") || { out $told unreadable $coded; return; }
    sum=${sum%% *}
  fi
  case $told/$SENT in
    entry*" $coded "*) ;;
    *) if [ "$size" -le $LIMIT ] && [ "$size" -le $LEFT ] && [ $((SAID+size/3*4)) -le $ROOM ]; then
         LEFT=$((LEFT-size)); SENT="$SENT$coded "
         content==$(head -c $LIMIT < "$here" | base64 | tr -d '\n')
       fi ;;
  esac
  out $told present $coded $facts $sum $content
}

files() { # every argument that begins with p or x, numbered in order
  index=0
  for asked in "$@"; do
    told="file $index"
    case $asked in
      p*) path=$(printf %s "${asked#p}" | base64 -d; echo x)
          resolve "$ROOT/seccomp/${path%x}"
          resolved $? ;;
      x*) out $told impossible - ;;
      *) continue ;;
    esac
    index=$((index+1))
  done
}

folder() { # told, here and coded are set; 1 when it cannot be looked into
  facts=$(stat -c "$FACTS" "$here" 2>&1) || { absent "$facts"; return 1; }
  stat "$here/." > /dev/null && { :; } < "$here" && { out $told folder $coded $facts; return 0; }
  out $told closed $coded $facts
  return 1
}

walk() { # $1 a directory's path on the node, $2 what comes before its entries' names; here is set
  for entry in "$here"/* "$here"/.[!.]* "$here"/..?*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    if [ $COUNT -ge $MOST ] || [ $SAID -ge $ROOM ]; then MORE=more; return; fi
    COUNT=$((COUNT+1))
    told="entry $(b64 "$2${entry##*/}")"
    if [ -L "$entry" ]; then
      linked "$1/${entry##*/}" "$2${entry##*/}/"
    else
      here=$entry; coded=$(b64 "$1/${entry##*/}")
      if [ ! -d "$here" ]; then one_file
      elif folder; then walk "$1/${entry##*/}" "$2${entry##*/}/"
      fi
    fi
    [ $MORE = whole ] || return
  done
}

linked() { # $1 a link's path on the node, $2 what would come before the names below it
  resolve "$1"
  state=$?
  if [ $state -ne 0 ] || [ ! -d "$here" ]; then resolved $state; return; fi
  out $told way $coded
  [ -n "$SPO" ] || return
  # Once, and only into the operator's directory: everything else is met on its own path.
  case $real in "$SPO"|"$SPO"/*) ;; *) return ;; esac
  case $FOLLOWED in *" $coded "*) return ;; esac
  FOLLOWED="$FOLLOWED$coded "
  walk "$real" "$2"
}

listing() {
  COUNT=0; MORE=whole; told='entry ='; coded=$(b64 "$ROOT/seccomp"); here=$P/host/seccomp
  set +f
  ! folder || walk "$ROOT/seccomp" ''
  set -f
  out listed $MORE
}
"""
