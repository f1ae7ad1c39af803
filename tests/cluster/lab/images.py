"""Makes the images that the cluster runs: pause and a shell-less one around one static binary, and busybox."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

NAMES = {
    "pause": "docker.io/lab/pause:1",
    "busybox": "docker.io/library/busybox:1.37",
    "distroless": "docker.io/lab/distroless:1",
}


def make(work: Path) -> None:
    """Write one OCI image archive per name into `work`, which holds the static binary `pause`."""
    pause = (work / "pause").read_bytes()
    path = shutil.which("busybox") or "/bin/busybox"
    applets = subprocess.run([path, "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    _image(work, "pause", {"bin/pause": pause}, (), entrypoint=["/bin/pause"])
    _image(work, "distroless", {"bin/pause": pause}, (), entrypoint=["/bin/pause"])
    _image(work, "busybox", {"bin/busybox": Path(path).read_bytes()}, applets, command=["/bin/sh"])


def _image(
    work: Path,
    name: str,
    files: dict[str, bytes],
    links: tuple[str, ...] | list[str],
    entrypoint: list[str] | None = None,
    command: list[str] | None = None,
) -> None:
    layer = _layer(files, [link for link in links if link != "busybox"])
    run = {"Entrypoint": entrypoint, "Cmd": command, "Env": ["PATH=/bin"]}
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {key: value for key, value in run.items() if value},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    ).encode()
    kind = "application/vnd.oci.image"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{kind}.manifest.v1+json",
            "config": {"mediaType": f"{kind}.config.v1+json", "digest": _digest(config), "size": len(config)},
            "layers": [{"mediaType": f"{kind}.layer.v1.tar", "digest": _digest(layer), "size": len(layer)}],
        }
    ).encode()
    full = NAMES[name]
    notes = {"io.containerd.image.name": full, "org.opencontainers.image.ref.name": full.rsplit(":", 1)[1]}
    entry = {"mediaType": f"{kind}.manifest.v1+json", "digest": _digest(manifest), "size": len(manifest), "annotations": notes}
    with tarfile.open(work / f"{name}.tar", "w") as archive:
        _add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        for blob in (layer, config, manifest):
            _add(archive, f"blobs/sha256/{_digest(blob)[7:]}", blob)


def _layer(files: dict[str, bytes], links: list[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder in ("bin", "etc", "proc", "sys", "dev", "tmp"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(info)
        _add(archive, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n", 0o644)
        for path, data in files.items():
            _add(archive, path, data)
        for link in links:
            info = tarfile.TarInfo(f"bin/{link}")
            info.type, info.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(info)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, data: bytes, mode: int = 0o755) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    archive.addfile(info, io.BytesIO(data))


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
