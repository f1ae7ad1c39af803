"""The bare download of all pods, page by page and decoded by nobody: the least that any reader of a cluster can take.

usage: python -m tests.cluster.bench.download json|protobuf gzip|identity
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import quote

import urllib3

KINDS = {"json": "application/json", "protobuf": "application/vnd.kubernetes.protobuf"}
PAGE = 500
# The token is base64 without padding, and stands in the first bytes of a page: as a JSON field, or as field 3 of a ListMeta.
TOKEN = re.compile(rb'(?:"continue":"|\x1a(?:[\x28-\x7f]|[\x80-\xff].))([A-Za-z0-9_-]{40,})', re.DOTALL)


def main() -> None:
    """Read every page, one after the other, and print the number of bytes."""
    kind, encoding = sys.argv[1:]
    config = json.loads(Path(os.environ["KUBECONFIG"]).read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    files = {"ca_certs": cluster["certificate-authority"], "cert_file": user["client-certificate"], "key_file": user["client-key"]}
    pool = urllib3.PoolManager(**files)
    headers = {"Accept": KINDS[kind], "Accept-Encoding": encoding}
    total, token = 0, ""
    while True:
        more = f"&continue={quote(token)}" if token else ""
        answer = pool.request("GET", f"{cluster['server']}/api/v1/pods?limit={PAGE}{more}", headers=headers)
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {answer.data[:300]!r}")
        total += len(answer.data)
        found = TOKEN.search(answer.data, 0, 2000)
        if found is None:
            break
        token = found[1].decode()
    print(total)


if __name__ == "__main__":
    main()
