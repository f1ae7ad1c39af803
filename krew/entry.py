"""What PyInstaller starts."""

from kubectl_seccomp.frozen import main

main()
