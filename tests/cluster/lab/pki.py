"""Certificates and kubeconfigs of one cluster, by openssl, with keys on elliptic curves because those are quick to make."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
SERVER = "https://127.0.0.1:6443"
API_NAMES = "IP:127.0.0.1,DNS:localhost,IP:10.96.0.1,DNS:kubernetes.default.svc"
USERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "admin": ("admin", ("system:masters",)),
    "kcm": ("system:kube-controller-manager", ()),
    "sched": ("system:kube-scheduler", ()),
}


def make(pki: Path, nodes: Iterable[str], address: str) -> None:
    """Fill `pki` with the authority, every component's certificate, the kubeconfigs and the service accounts' key."""
    _openssl("req", "-x509", *KEY, "-keyout", pki / "ca.key", "-out", pki / "ca.crt", "-days", "3650", "-subj", "/CN=lab-ca")
    with ThreadPoolExecutor(4) as pool:
        asked: list[Future[Any]] = [
            pool.submit(_service_accounts, pki),
            pool.submit(certificate, pki, pki / "apiserver", "kube-apiserver", (), API_NAMES),
            pool.submit(certificate, pki, pki / "kubelet-client", "kube-apiserver-kubelet-client", ("system:masters",)),
            *(pool.submit(user, pki, pki, name, *subject) for name, subject in USERS.items()),
        ]
        for node in nodes:
            subject = (f"system:node:{node}", ("system:nodes",), f"DNS:{node},IP:{address}")
            asked.append(pool.submit(user, pki, pki, node, *subject))
        for future in asked:
            future.result()


def user(pki: Path, folder: Path, name: str, common: str, groups: tuple[str, ...] = (), names: str = "") -> Path:
    """Write NAME.key, NAME.crt and NAME.kubeconfig into `folder`; return the path of the last."""
    certificate(pki, folder / name, common, groups, names)
    return kubeconfig(pki, folder / name)


def certificate(pki: Path, base: Path, common: str, groups: tuple[str, ...] = (), names: str = "") -> None:
    """Write BASE.key and BASE.crt for a user in groups (and a server of those names), signed by the cluster's authority."""
    subject = "".join(f"/O={_escaped(group)}" for group in groups) + f"/CN={_escaped(common)}"
    _openssl("req", *KEY, "-keyout", f"{base}.key", "-out", f"{base}.csr", "-subj", subject)
    extension = "keyUsage=digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n"
    Path(f"{base}.ext").write_text(extension + (f"subjectAltName={names}\n" if names else ""))
    # A serial of its own for each: they are signed in parallel, and openssl's counter is a file.
    authority = ("-CA", pki / "ca.crt", "-CAkey", pki / "ca.key", "-set_serial", str(secrets.randbits(63)), "-days", "3650")
    _openssl("x509", "-req", "-in", f"{base}.csr", *authority, "-out", f"{base}.crt", "-extfile", f"{base}.ext")


def kubeconfig(pki: Path, base: Path) -> Path:
    """Write BASE.kubeconfig for the certificate BASE.crt and return its path."""
    cluster = {"server": SERVER, "certificate-authority": str(pki / "ca.crt")}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": base.name, "user": {"client-certificate": f"{base}.crt", "client-key": f"{base}.key"}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": base.name}}],
        "current-context": "lab",
    }
    path = Path(f"{base}.kubeconfig")
    path.write_text(json.dumps(config, indent=1))
    return path


def _service_accounts(pki: Path) -> None:
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", pki / "sa.key")
    _openssl("ec", "-in", pki / "sa.key", "-pubout", "-out", pki / "sa.pub")


def _escaped(value: str) -> str:
    """In -subj a slash starts the next part."""
    return value.replace("\\", "\\\\").replace("/", "\\/")


def _openssl(*words: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, words)], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"lab: openssl {words[0]}: {done.stderr.strip()}")
